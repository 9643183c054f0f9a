/** A set of names, written as one text: a client's code travels to browsers and edges. */
export function namesIn<Text extends string>(text: Text): ReadonlySet<Split<Text>> {
  return new Set(text.split(" ")) as ReadonlySet<string> as ReadonlySet<Split<Text>>;
}

type Split<Text extends string> = Text extends `${infer First} ${infer Rest}` ? First | Split<Rest> : Text;
