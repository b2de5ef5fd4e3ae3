import { badValue, Problem } from './problem.ts';

/** Objects and arrays within one another: more than any request has a use for, and far less than a stack takes. */
export const MOST_DEPTH = 32;

const notJson = (expected: string) => badValue('body', undefined, expected);

/**
 * A body as JSON that means one thing to whoever reads it: I-JSON, in UTF-8 without a byte order mark, no name twice in an object, no
 * lone surrogates. Of the rest JSON is, {@link JSON.parse} is the judge.
 * @throws Problem bad-value that names the field, or `body`
 * @see RFC 7493, 2; RFC 8259, 8.1
 */
export function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw notJson('JSON in UTF-8');
  }
  if (text.startsWith('\ufeff')) throw notJson('JSON without a byte order mark before it');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw notJson('JSON');
  }
  checkNames(text);
  return value;
}

/** Of a text that is JSON: each string, with the colon after it if it is a name, and where objects and arrays begin and end. */
const TOKEN = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;

/** Look through a text that is JSON for what JSON lets pass and I-JSON does not. */
function checkNames(text: string): void {
  /** The objects and arrays around: the names that each object has so far, and the one whose value comes. */
  const around: { names: Set<string> | undefined; at: string | undefined }[] = [];
  const path = () => around.flatMap(({ at }) => at ?? []).join('.') || 'body';
  for (const [token, colon = ''] of text.matchAll(TOKEN)) {
    if (token === '}' || token === ']') around.pop();
    else if (token === '{' || token === '[') {
      if (around.length === MOST_DEPTH)
        throw badValue(path(), undefined, `JSON of at most ${MOST_DEPTH} objects and arrays in one another`);
      around.push({ names: token === '{' ? new Set() : undefined, at: undefined });
    } else {
      const literal = token.slice(0, token.length - colon.length);
      const said: string = JSON.parse(literal);
      const within = around.at(-1);
      if (colon && within) within.at = /\p{Cs}/u.test(said) ? literal.slice(1, -1) : said;
      if (/\p{Cs}/u.test(said))
        throw badValue(path(), undefined, 'text of whole characters, without half of a surrogate pair');
      if (!colon) continue;
      if (within!.names!.has(said))
        throw new Problem('bad-value', `${path()}: given twice, expected once.`, {
          field: path(),
          expected: 'one value',
        });
      within!.names!.add(said);
    }
  }
}

/** `application/json`; of its parameters the one that says what JSON always is (RFC 8259, 11). */
const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*("utf-8"|utf-8)\s*)?;?$/i;

/** Whether a `Content-Type` says that a body is JSON. */
export const isJsonType = (type: string | undefined): boolean => JSON_TYPE.test(type?.trim() ?? '');
