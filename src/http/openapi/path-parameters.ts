/** What the parts of paths are. */
export const PATH_PARAMETERS: Readonly<Record<string, string>> = {
  id: "The record's id.",
  token: "The link's or the download's token.",
  provider: "The provider's id in gate.yaml.",
  delivery: "The delivery's id.",
  prefix: "A destination's prefix in gate.yaml.",
  path: "The upstream's path, slashes included.",
};
