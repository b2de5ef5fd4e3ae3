import { cleanText, escapeUnshown } from '../contract/shownText.ts';

/**
 * A text that others wrote, fit to be shown on a terminal: one line, without what moves the cursor or does worse, turns the order of what
 * stands around it, or can't be seen, also where it was taken before there was a rule for it.
 */
export const plain = (text: string): string => cleanText(text);

/** JSON in one line, in which what a terminal would act on is escaped; the same document to a program. */
export const jsonLine = (body: unknown): string => escapeUnshown(JSON.stringify(body));

const NARROW = /[\p{M}\p{Cf}]/u;
/** Two columns wide: Hangul, Han, Kana and their like, full-width forms, pictures. @see Unicode Standard Annex 11 */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;

const widthOfOne = (character: string) => (NARROW.test(character) ? 0 : WIDE.test(character) ? 2 : 1);

/** How many columns of a terminal a text takes. */
export const widthOf = (text: string): number =>
  [...text].reduce((sum, character) => sum + widthOfOne(character), 0);

/** As much of a text as fits, with a mark where something is left out. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let taken = 1;
  for (const character of text) {
    taken += widthOfOne(character);
    if (taken > width) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}
