/**
 * The categories a statement can belong to: the twelve codes of the PROMISE NFR data set plus `none`,
 * with their names and their place in ISO/IEC 25010:2023. A project may define its own taxonomy; the
 * built-in one is what the bundled pack was trained on.
 */

/** One category of a taxonomy. */
export interface Category {
  /** Short code, unique in its taxonomy: `SE`, `PE`, `none`. */
  readonly code: string;
  /** English display name: `Security`. */
  readonly name: string;
  /** The characteristic of ISO/IEC 25010:2023 it falls under, or null where the standard has none. */
  readonly iso25010: string | null;
  /** One sentence for the hover: when a statement belongs here. */
  readonly meaning: string;
}

/** The code of statements that are no requirement. Every taxonomy has it. */
export const NONE = "none";
/** The code of functional requirements in the built-in taxonomy. */
export const FUNCTIONAL = "F";

/** The built-in taxonomy, in the order of the model's outputs. */
export const BUILT_IN_TAXONOMY: readonly Category[] = [
  {
    code: "F",
    name: "Functional",
    iso25010: "Functional suitability",
    meaning: "It says what the product does: a service, a calculation, data shown, stored or sent.",
  },
  {
    code: "A",
    name: "Availability",
    iso25010: "Reliability (availability)",
    meaning: "It constrains when and how much of the time the product can be used.",
  },
  {
    code: "FT",
    name: "Fault tolerance",
    iso25010: "Reliability (fault tolerance, recoverability, faultlessness)",
    meaning:
      "It constrains how the product behaves when something fails: keeps going, degrades, recovers, loses nothing.",
  },
  {
    code: "L",
    name: "Legal",
    iso25010: null,
    meaning: "It demands conformance to a law, regulation, licence, contract, mandated standard or audit duty.",
  },
  {
    code: "LF",
    name: "Look and feel",
    iso25010: "Interaction capability (user engagement)",
    meaning: "It constrains appearance and style: colours, branding, layout, tone, attractiveness.",
  },
  {
    code: "MN",
    name: "Maintainability",
    iso25010: "Maintainability",
    meaning: "It constrains the ease of changing, testing, diagnosing, extending or updating the product.",
  },
  {
    code: "O",
    name: "Operational",
    iso25010: "Compatibility; Flexibility (installability)",
    meaning: "It constrains the environment the product lives in and the systems it works with.",
  },
  {
    code: "PE",
    name: "Performance",
    iso25010: "Performance efficiency",
    meaning: "It constrains speed, response time, throughput, resource use or precision under load.",
  },
  {
    code: "PO",
    name: "Portability",
    iso25010: "Flexibility (adaptability, replaceability)",
    meaning: "It demands that the product can be moved or adapted to other platforms, languages or environments.",
  },
  {
    code: "SC",
    name: "Scalability",
    iso25010: "Flexibility (scalability); Performance efficiency (capacity)",
    meaning: "It constrains how the product handles growth in users, data, sites or load.",
  },
  {
    code: "SE",
    name: "Security",
    iso25010: "Security",
    meaning: "It protects data and functions: access, confidentiality, integrity, accountability, privacy.",
  },
  {
    code: "US",
    name: "Usability",
    iso25010: "Interaction capability",
    meaning: "It constrains the ease of learning and use: accessibility, help, user error, satisfaction.",
  },
  {
    code: NONE,
    name: "Not a requirement",
    iso25010: null,
    meaning: "It constrains nothing: background, definition, rationale, heading, note, plan or question.",
  },
];

/** The codes of {@link BUILT_IN_TAXONOMY}, in the order of the model's outputs. */
export const BUILT_IN_CODES: readonly string[] = BUILT_IN_TAXONOMY.map((category) => category.code);
