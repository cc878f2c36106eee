/** From a statement's words to token ids, by a Hugging Face `tokenizer.json`. */
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { InputError } from "../outcome.ts";
import { FieldReader } from "./record.ts";

/**
 * Longer statements are cut before they are tokenized; no word piece the network can still see comes from beyond. The
 * network looks at `maximumPositions` tokens of a few letters each.
 */
const LETTERS_PER_POSITION = 64;
/** Fewer positions hold no text between [CLS] and [SEP]. */
const FEWEST_POSITIONS = 3;

export interface Tokenizer {
  /**
   * Token ids with [CLS] and [SEP]; a text that is too long loses its end, never its [SEP].
   * @param room positions taken by virtual tokens in front
   */
  encode(text: string, room?: number): Int32Array;
}

/**
 * @param vocabularySize rows of the embedding table; a tokenizer that knows more tokens belongs to another network
 * @throws InputError for a file that is no usable tokenizer
 */
export function readTokenizer(
  text: string,
  file: string,
  network: { vocabularySize: number; maximumPositions: number },
): Tokenizer {
  const fields = FieldReader.parse(text, file);
  const type = fields.object("model").raw("type");
  if (!["WordPiece", "Unigram", "BPE", undefined].includes(type as string | undefined)) {
    fields.object("model").refuse("type", "WordPiece, Unigram or BPE");
  }
  const tokenizer = construct(fields.fields, file);
  rememberWords(tokenizer, metaspaceBoundary(fields));
  checkIds(tokenizer, network.vocabularySize, file);
  const limit = network.maximumPositions;
  if (limit < FEWEST_POSITIONS) {
    throw new InputError(`${file}: ${limit} positions leave no room for text between [CLS] and [SEP].`);
  }
  return {
    encode(statement, room = 0) {
      const ids = encode(tokenizer, statement.slice(0, limit * LETTERS_PER_POSITION), file);
      const longest = limit - room;
      if (ids.length > longest) {
        ids[longest - 1] = ids.at(-1)!;
        ids.length = longest;
      }
      return Int32Array.from(ids);
    },
  };
}

function construct(content: object, file: string): HuggingFaceTokenizer {
  try {
    return new HuggingFaceTokenizer(content, {});
  } catch (cause) {
    throw new InputError(`${file} is no tokenizer this program can use: ${messageOf(cause)}`, { cause });
  }
}

/** Words repeat: cutting each into pieces only once makes a text six times as fast to encode. */
const REMEMBERED_WORDS = 20_000;

/** @param boundary the character in front of which a text is split, where the file says so */
function rememberWords(tokenizer: HuggingFaceTokenizer, boundary: string | undefined): void {
  const { model } = tokenizer;
  if (model === null) return;
  const cut = model.encode.bind(model);
  const pieces = new Map<string, string[]>();
  const recall = (word: string): string[] => {
    let known = pieces.get(word);
    if (known === undefined) {
      known = cut([word]);
      if (pieces.size >= REMEMBERED_WORDS) pieces.clear();
      pieces.set(word, known);
    }
    return known;
  };
  model.encode = (parts) => parts.flatMap((part) => wordsOf(part, boundary).flatMap(recall));
}

/** Cuts in front of every boundary; without one, the pre-tokenizer has cut already. */
function wordsOf(text: string, boundary: string | undefined): string[] {
  if (boundary === undefined) return [text];
  const words: string[] = [];
  let start = 0;
  for (let at = text.indexOf(boundary, 1); at >= 0; at = text.indexOf(boundary, at + 1)) {
    words.push(text.slice(start, at));
    start = at;
  }
  words.push(text.slice(start));
  return words;
}

/**
 * The library leaves out the splitting of the Metaspace pre-tokenizer, which the reference implementation does by
 * default; so it happens here.
 */
function metaspaceBoundary(fields: FieldReader): string | undefined {
  if (fields.raw("pre_tokenizer") === undefined || fields.raw("pre_tokenizer") === null) return undefined;
  const preTokenizer = fields.object("pre_tokenizer");
  if (preTokenizer.raw("type") !== "Metaspace" || preTokenizer.raw("split") === false) return undefined;
  const replacement = preTokenizer.has("replacement") ? preTokenizer.string("replacement") : "\u2581";
  return replacement.length === 1 ? replacement : preTokenizer.refuse("replacement", "one character");
}

function encode(tokenizer: HuggingFaceTokenizer, text: string, file: string): number[] {
  try {
    return tokenizer.encode(text).ids;
  } catch (cause) {
    throw new InputError(`${file}: the tokenizer fails on ${JSON.stringify(text.slice(0, 40))}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Tries a text, and looks for ids beyond the embedding table. */
function checkIds(tokenizer: HuggingFaceTokenizer, vocabularySize: number, file: string): void {
  let highest = -1;
  for (const id of tokenizer.get_vocab().values()) {
    if (!Number.isInteger(id) || id < 0)
      throw new InputError(`${file}: token id ${String(id)} is no non-negative integer.`);
    highest = Math.max(highest, id);
  }
  if (highest >= vocabularySize) {
    throw new InputError(
      `${file}: token ids go up to ${highest}, but the network has ${vocabularySize} word vectors. The tokenizer belongs to another network.`,
    );
  }
  const ids = encode(tokenizer, "The system shall respond.", file);
  if (ids.length < FEWEST_POSITIONS || ids.some((id) => !Number.isInteger(id) || id < 0 || id > highest)) {
    throw new InputError(
      `${file}: a sentence became the token ids ${JSON.stringify(ids).slice(0, 60)}; expected [CLS], words and [SEP]. ` +
        "The post-processor or the unknown token is missing.",
    );
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
