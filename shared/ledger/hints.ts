/** Stands for a mint request among the ids of invoice requests, none of which has such an id. */
export const WANT_HINT = 'want';

/** What a hint is about, the id of an invoice request or {@link WANT_HINT}, and the node of its creator, when that has one. */
export interface Hint {
  readonly about: string;
  readonly node?: string;
}

/** A hint as the text of a message. */
export const writeHint = (about: string, node: string | undefined) =>
  node === undefined ? about : `${about}@${node}`;

/** A hint out of the text of a message, or undefined when it is none. */
export function readHint(text: string): Hint | undefined {
  const [, about, node] = /^(want|[\w-]{22})(?:@([0-9a-f]{66}))?$/.exec(text) ?? [];
  if (about === undefined) return undefined;
  return { about, ...(node !== undefined && { node }) };
}
