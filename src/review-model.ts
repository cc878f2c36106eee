/** What the view *Review* lists: groups of entries, and how much people agree. */
import type { Review, ReviewItem } from "../server/protocol.ts";

export interface ReviewEntry {
  node: "item";
  item: ReviewItem;
}
export interface ReviewGroup {
  node: "group";
  kind: ReviewItem["kind"];
  children: ReviewEntry[];
}
/** A line that only informs. */
export interface ReviewFact {
  node: "fact";
  fact:
    | { kind: "agreement"; agreement: NonNullable<Review["agreement"]> }
    | { kind: "self"; self: Review["selfAgreement"][number] };
}
export type ReviewNode = ReviewEntry | ReviewGroup | ReviewFact;

/** Conflicts first, because until then the newest label counts, whoever is right; then suspects; then repetitions. */
const ORDER: readonly ReviewItem["kind"][] = ["conflict", "suspect", "blind"];

export function reviewRoots(review: Review): ReviewNode[] {
  const groups = ORDER.map((kind): ReviewGroup => ({
    node: "group",
    kind,
    children: review.items.filter((item) => item.kind === kind).map((item) => ({ node: "item", item })),
  })).filter(({ children }) => children.length > 0);
  const facts: ReviewFact[] = review.selfAgreement.map((self) => ({ node: "fact", fact: { kind: "self", self } }));
  if (review.agreement) facts.unshift({ node: "fact", fact: { kind: "agreement", agreement: review.agreement } });
  return [...groups, ...facts];
}

export function isReviewEntry(value: unknown): value is ReviewEntry {
  return typeof value === "object" && value !== null && (value as { node?: unknown }).node === "item";
}
