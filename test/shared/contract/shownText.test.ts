import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanText, escapeUnshown, isShown, shownText } from '../../../shared/contract/shownText.ts';

/** What people write, of each sort of script and sign that needs something invisible. */
const GOOD = {
  Latin: 'Zoë O’Brien & Söhne – „Café“, №1!',
  'Latin with marks of their own': 'Zoe\u0308 n\u0303',
  Vietnamese: 'Nguyễn Thị Minh Khai',
  Arabic: 'مُحَمَّد الْفَاتِح ﷽',
  'Persian with a non-joiner': 'می\u200cخواهم کتاب\u200cها',
  Urdu: 'پاکستان زندہ باد',
  Hebrew: 'שָׁלוֹם עוֹלָם',
  Devanagari: 'नमस्ते श्री',
  'Devanagari with a joiner': 'क\u094d\u200dष र\u094d\u200dय',
  'Devanagari with a non-joiner': 'क\u094d\u200cष',
  'a half letter at the end of a word': 'क\u094d\u200d है',
  'Bengali with a joiner': 'র\u09cd\u200dযাম',
  'Malayalam with a chillu of old': 'അവന\u0d4d\u200d',
  'Sinhala with a joiner': 'ශ\u0dca\u200dරී ලංකාව',
  Tamil: 'வணக்கம்',
  Thai: 'สวัสดีชาวโลก',
  Khmer: 'សួស្តី',
  Tibetan: 'བཀྲ་ཤིས་བདེ་ལེགས',
  Chinese: '你好，世界',
  'Japanese with the form of an ideograph': '葛\u{e0100}城 辻\u{e0101}さん',
  Korean: '안녕하세요',
  'Mongolian with a form of a letter': 'ᠮᠣᠩᠭᠣᠯ\u180b',
  Greek: 'Καλημέρα κόσμε',
  Cyrillic: 'Привіт, світе',
  Georgian: 'გამარჯობა',
  Ethiopic: 'ሰላም ልዑል',
  'letters beyond the first plane': '𐌰𐌱𐌲 𝒜𝓁𝒾𝒸𝑒',
  'an emoji': '☕',
  'an emoji of several': '👩\u200d👩\u200d👧\u200d👦',
  'an emoji with skin and profession': '👩🏽\u200d🚀 🧑🏿\u200d⚕\ufe0f',
  'an emoji with a heart': '👩\u200d❤\ufe0f\u200d💋\u200d👨 ❤\ufe0f\u200d🔥',
  flags: '🇩🇪 🏳\ufe0f\u200d🌈 🏳\ufe0f\u200d⚧\ufe0f 🏴\u200d☠\ufe0f',
  'the flag of a part of a country': '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}',
  keycaps: '1\ufe0f\u20e3 #\ufe0f\u20e3 *\ufe0f\u20e3',
  'a sign shown as text': '☎\ufe0e ™\ufe0e',
  'a number sign of Arabic': '\u06dd١٢',
  markup: '<b>&"\'</b> \\ {{x}}',
  numbers: '42',
  'one sign': '.',
};

/** One character of each sort that is not shown where it stands. */
const UNSHOWN = {
  'a null': '\0',
  'an escape': '\x1b',
  'a line feed': '\n',
  'a tab': '\t',
  'a control character of old': '\x9b',
  'a soft hyphen': '\u00ad',
  'a grapheme joiner': '\u034f',
  'the Arabic letter mark': '\u061c',
  'a Hangul filler': '\u3164',
  'a Hangul filler of Jamo': '\u115f',
  'a half-width filler': '\uffa0',
  'a Khmer vowel that is none': '\u17b4',
  'a zero-width space': '\u200b',
  'a zero-width non-joiner': '\u200c',
  'a zero-width joiner': '\u200d',
  'a left-to-right mark': '\u200e',
  'a right-to-left mark': '\u200f',
  'a line separator': '\u2028',
  'a paragraph separator': '\u2029',
  'an embedding': '\u202a',
  'an override': '\u202e',
  'its end': '\u202c',
  'a word joiner': '\u2060',
  'an invisible plus': '\u2064',
  'an isolate': '\u2066',
  'its end, too': '\u2069',
  'a shaping control of old': '\u206a',
  'a variation selector': '\ufe0f',
  'a variation selector of ideographs': '\u{e0100}',
  'a byte order mark': '\ufeff',
  'an interlinear anchor': '\ufff9',
  'an object': '\ufffc',
  'a Braille blank': '\u2800',
  'a note that is none': '\u{1d159}',
  'a musical control': '\u{1d173}',
  'a shorthand control': '\u{1bca0}',
  'a tag': '\u{e0041}',
  'the language tag': '\u{e0001}',
  'half of a pair': '\ud83d',
  'the other half': '\ude00',
  'private use': '\ue000',
  'private use beyond': '\u{10fffd}',
  'what is unassigned': '\u0378',
  'no character': '\uffff',
  'no character of a later plane': '\u{1fffe}',
};

/** Where a joiner or selector stands that changes nothing that is seen. */
const MISPLACED = [
  '\u200dab',
  'ab\u200d',
  'a\u200db',
  'a\u200cb',
  'می\u200c\u200cخواهم',
  'می\u200d\u200cخواهم',
  'کتاب\u200c',
  'کتاب\u200c ها',
  'کتاب\u200d',
  '👩\u200d',
  '👩\u200d\u200d🚀',
  '👩\u200d 🚀',
  'a\ufe0f',
  '1\ufe0f',
  '1\ufe0e\u20e3',
  '☕\ufe0f\ufe0f',
  '葛\u{e0100}\u{e0100}',
  'a\u{e0100}',
  'a\u180b',
  'ᠮ\u180b\u180b',
  '\u17b4\u200dក',
  '🏴\u{e0067}\u{e0062}',
  '☕\u{e0067}\u{e0062}\u{e007f}',
  'a\u0301\u0302\u0303\u0304\u0305',
];

const BLANKS = [
  '',
  ' ',
  '\u00a0',
  '\u3000 \u2003',
  '\u0301',
  '\u200b',
  '\u3164',
  '\u00ad',
  '\u2800',
  '\u202e',
];

const HARMFUL =
  /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Bidi_Control}\u00ad\u200b\u2060\u3164\u115f\u1160\uffa0\ufeff\u2800]/u;
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(fc.constantFrom(...Object.values(UNSHOWN), ...MISPLACED, ...Object.values(GOOD), ' ', 'a'), {
      maxLength: 8,
    })
    .map((parts) => parts.join('')),
);

describe('text that people are shown', () => {
  it.each(Object.entries(GOOD))('may be %s', (_, text) => {
    expect(isShown(text, 60)).toBe(true);
    expect(cleanText(text)).toBe(text);
  });

  it.each(Object.entries(UNSHOWN))('is without %s, wherever it stands', (_, character) => {
    const code = `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
    for (const text of [
      `${character}Alice`,
      `Al${character}ice`,
      `Alice${character}`,
      `☕ ${character} 你`,
    ]) {
      expect(isShown(text, 60)).toBe(false);
      expect(shownText(60, text)).toBe(`1 to 60 characters in one line, which can be seen, without ${code}`);
      const cleaned = cleanText(text);
      expect(cleaned).not.toContain(character);
      expect(isShown(cleaned, 60)).toBe(true);
    }
  });

  it.each(MISPLACED)('is not %j', (text) => {
    expect(isShown(text, 60)).toBe(false);
    expect(isShown(cleanText(text), 60)).toBe(true);
    expect(cleanText(text).length).toBeLessThan(text.length);
  });

  it.each(BLANKS)('is not %j, of which nothing can be seen', (text) => {
    expect(isShown(text, 60)).toBe(false);
    expect(cleanText(text)).toBe('');
  });

  it('has as many characters as it may, and is cut to that without half of one', () => {
    expect(isShown('👍'.repeat(60), 60)).toBe(true);
    expect(isShown('👍'.repeat(61), 60)).toBe(false);
    expect(cleanText('👍'.repeat(61), 60)).toBe('👍'.repeat(60));
    expect(cleanText('👩\u200d🚀', 2)).toBe('👩');
    expect(cleanText(`${'a'.repeat(59)} b`, 60)).toBe('a'.repeat(59));
    expect(shownText(60, 'a'.repeat(61))).toBe('1 to 60 characters in one line, which can be seen');
  });

  it('is what cleaning makes of anything, and cleaned again the same', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 40 }), (text, most) => {
        const cleaned = cleanText(text, most);
        expect(cleaned).not.toMatch(HARMFUL);
        if (cleaned !== '') expect(isShown(cleaned, most)).toBe(true);
        expect(cleanText(cleaned, most)).toBe(cleaned);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is taken as it is exactly where cleaning finds nothing but spaces to mend', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const same = cleanText(text) === text.replace(/\s+/g, ' ').trim() && cleanText(text) !== '';
        if (isShown(text, 1_000)) expect(same).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is escaped where it stands in JSON, so that the document is the same', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const written = escapeUnshown(JSON.stringify({ text }));
        expect(JSON.parse(written)).toEqual({ text });
        expect(written).not.toMatch(HARMFUL);
      }),
    );
  });

  it('is cleaned in a time that grows with its length alone', () => {
    const long = ['\u200d', 'می\u200c', '👩\u200d', 'a\u0301', ' ', '\ufe0f'].map((part) =>
      part.repeat(20_000),
    );
    for (const text of long) expect(isShown(cleanText(text, 500) || 'x', 500)).toBe(true);
  });
});
