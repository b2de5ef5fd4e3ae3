/**
 * The one rule for text that people are shown: names, labels, descriptions, and what payers write. Others read it in wallets, on pages
 * and terminals, so it has nothing that can't be seen, turns text around, or means nothing. What a creator writes is refused when
 * it breaks the rule, what a payer writes is cleaned, for its payment is taken all the same.
 *
 * Not characters are judged but where they stand: joiners and variation selectors are invisible, too, and emoji, Persian and
 * Devanagari need them. Which letters a name mixes is nobody's business here, since it is the handle that names a creator.
 * @see UTS 39, 5.4 (marks); UTR 36, 2.10; UAX 31, 2.3 (joiners); UTS 51 (emoji); UTS 37 (ideographic variation)
 */

/** Letters and marks of scripts that spell with joiners. */
const JOINING = `(?=[\\p{L}\\p{M}])(?!\\p{Default_Ignorable_Code_Point})[${[
  ...['Arabic', 'Syriac', 'Mandaic', 'Mongolian', 'Nko', 'Adlam', 'Hanifi_Rohingya', 'Phags_Pa'],
  ...['Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil', 'Telugu', 'Kannada', 'Malayalam'],
  ...['Sinhala', 'Khmer', 'Myanmar', 'Tibetan', 'Balinese', 'Javanese', 'Meetei_Mayek', 'Chakma'],
]
  .map((script) => `\\p{Script_Extensions=${script}}`)
  .join('')}]`;

/** Invisible characters where they belong: each changes what is seen of the characters beside it. */
const FITTING = [
  // A zero-width joiner within one emoji: 👩🏽‍🚀, ❤️‍🔥.
  '(?<=\\p{Extended_Pictographic}[\\ufe0f\\p{Emoji_Modifier}]?)\\u200d(?=\\p{Extended_Pictographic})',
  // How an emoji is shown, as picture or as text; of digits, a keycap.
  '(?<=(?![0-9#*])\\p{Emoji})[\\ufe0e\\ufe0f]|(?<=[0-9#*])\\ufe0f(?=\\u20e3)',
  // The flag of a part of a country.
  '(?<=\\u{1f3f4})[\\u{e0030}-\\u{e0039}\\u{e0061}-\\u{e007a}]{1,6}\\u{e007f}',
  // Joiners within words; after a mark a joiner may end one, as the half letters and chillus of Indic scripts do.
  `(?<=${JOINING})[\\u200c\\u200d](?=${JOINING})|(?<=(?=\\p{M})${JOINING})\\u200d`,
  // Which of its forms an ideograph has, as in names, and a Mongolian letter.
  '(?<=\\p{Script=Han})[\\ufe00-\\ufe02\\u{e0100}-\\u{e01ef}]|(?<=(?!\\p{Default_Ignorable_Code_Point})\\p{Script=Mongolian})[\\u180b-\\u180d\\u180f]',
].join('|');

/** Format characters that are seen: they stand before the numbers and verses of their scripts. */
const SEEN_FORMATS = '\\u0600-\\u0605\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u{110bd}\\u{110cd}';
/** Characters that are no format characters by name, and yet nothing is seen of them, or of what they stand for. */
const BLANK = '\\u2800\\u{1d159}\\ufffc';
/** Control, format, surrogate, private-use and unassigned characters, line breaks, and what is not shown by default. */
const UNSHOWN = `(?![${SEEN_FORMATS}])[\\p{C}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}${BLANK}]`;

const FITTING_OR_UNSHOWN = new RegExp(`(${FITTING})|${UNSHOWN}`, 'gu');
/** Marks on one letter beyond four are towers that reach over other lines. */
const TOWER = /([\p{Mn}\p{Me}]{4})[\p{Mn}\p{Me}]+/gu;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** The first character of a text that is not shown where it stands. */
function unshownIn(text: string): string | undefined {
  for (const [character, fitting] of text.matchAll(FITTING_OR_UNSHOWN))
    if (fitting === undefined) return character;
  return undefined;
}

/**
 * Whether a text can be shown as it is.
 * @param most characters (code points), each of at most four bytes
 */
export const isShown = (text: string, most: number): boolean =>
  [...text].length <= most && unshownIn(text) === undefined && text.search(TOWER) < 0 && VISIBLE.test(text);

/** What {@link isShown} asks for, and of a text that has one the character that it must do without: to end an error with. */
export function shownText(most: number, given?: unknown): string {
  const rule = `1 to ${most} characters in one line, which can be seen`;
  if (typeof given !== 'string') return rule;
  const character = unshownIn(given);
  if (character !== undefined)
    return `${rule}, without U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
  return given.search(TOWER) < 0 ? rule : `${rule}, with at most four marks on one`;
}

/** Without what is not shown where it stands. */
const bare = (text: string) =>
  text
    .replace(FITTING_OR_UNSHOWN, (character, fitting) => (fitting === undefined ? '' : character))
    .replace(TOWER, '$1')
    .replace(/\s+/g, ' ')
    .trim();

/**
 * A text as it can be shown: in one line, without what is not shown where it stands, and with U+FFFD for what is no character, or
 * none that is known here. Cleaning it again changes nothing.
 * @param most characters (code points) that are kept; all unless told
 * @returns empty when nothing of it can be seen
 */
export function cleanText(text: string, most = Number.POSITIVE_INFINITY): string {
  const cleaned = bare(
    text.replace(/[\t-\r\x85\u2028\u2029]+/g, ' ').replace(/[\p{Cs}\p{Co}\p{Cn}]/gu, '\ufffd'),
  );
  const characters = [...cleaned];
  // What is cut off may have been what a joiner joined to.
  const kept = characters.length > most ? bare(characters.slice(0, most).join('')) : cleaned;
  return VISIBLE.test(kept) ? kept : '';
}

const ESCAPED = new RegExp(`[\\p{C}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}${BLANK}]`, 'gu');

/** JSON with all that is not shown, wherever it stands, written as JSON's escapes: the same document, fit to be read. */
export const escapeUnshown = (json: string): string =>
  json.replace(ESCAPED, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
