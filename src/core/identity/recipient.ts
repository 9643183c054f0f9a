/** The identity of a person who receives a message with a link, or answers through an approval provider. */
export function recipientOfLink(person: string) {
  return { kind: "link", issuer: "gate", subject: person } as const;
}
