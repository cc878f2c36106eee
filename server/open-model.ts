/** Opens the pack of a language server. */
import { NetworkClassifier } from "./engine/model/network-classifier.ts";
import type { OpenModel, Seat } from "./model.ts";
import { readAdapterFolder } from "./store/adapter-folder.ts";
import { readPackFolder } from "./store/pack-folder.ts";

/** Reads the pack in `folder` and builds its network. */
export const openModel: OpenModel = async (folder, threads) => {
  const pack = await readPackFolder(folder);
  const classifier = await NetworkClassifier.create(pack, { threads });
  const base = { config: pack.config, hash: pack.hash, labels: pack.head.labels };
  const { name, version, precision } = pack.manifest;
  const seat = (classifier: NetworkClassifier): Seat => ({
    classifier,
    activate: async (adapter) => {
      await classifier.activate(adapter === null ? null : (await readAdapterFolder(adapter, base)).tensors);
    },
  });
  return {
    name: `${name} ${version}`,
    precision,
    base,
    ...seat(classifier),
    another: () => seat(classifier.another()),
  };
};
