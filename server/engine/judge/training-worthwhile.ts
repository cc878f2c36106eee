/** Whether another training should help. */

/** Fewest new labels that are worth a training, and the share of all labels that new ones should reach. */
const FEWEST_NEW = 20;
const NEW_SHARE = 0.2;

/**
 * True when a training should help: enough new labels, of at least two classes. A doubling of labels raises the score
 * about as much as the doubling before, so what counts is their share and not their number.
 */
export function trainingWorthwhile(labels: { total: number; sinceTraining: number; classes: number }): boolean {
  const { total, sinceTraining, classes } = labels;
  return classes >= 2 && sinceTraining >= FEWEST_NEW && sinceTraining >= NEW_SHARE * total;
}
