/** How well one range of an Accept header fits a media type: 0 not at all, 3 exactly. */
function specificity(range: string, type: string): number {
  if (range === type) return 3;
  if (range === `${type.slice(0, type.indexOf('/'))}/*`) return 2;
  return range === '*/*' ? 1 : 0;
}

/** A range and its weight; a weight that is no number counts as 1. */
function parseRange(part: string): { range: string; weight: number } {
  const [range = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase());
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  const weight = given === undefined ? 1 : Number(given.slice(2));
  return { range, weight: Number.isNaN(weight) ? 1 : weight };
}

/**
 * The media type, of those on offer, that an Accept header likes best: RFC 9110, 12.5.1. The most specific range that
 * fits a type decides its weight; the first on offer wins a tie.
 * @returns undefined if the header admits none of them
 */
export function preferred<T extends string>(
  accept: string | null,
  offers: readonly [T, ...T[]],
): T | undefined {
  if (accept === null || accept === '*/*' || accept.trim() === '') return offers[0];
  const ranges = accept.slice(0, 1_000).split(',').map(parseRange);
  let best: { type: T; weight: number } | undefined;
  for (const type of offers) {
    const deciding = ranges
      .map(({ range, weight }) => ({ weight, specific: specificity(range, type) }))
      .filter(({ specific }) => specific > 0)
      .sort((a, b) => b.specific - a.specific)[0];
    if (deciding && deciding.weight > 0 && (best === undefined || deciding.weight > best.weight)) {
      best = { type, weight: deciding.weight };
    }
  }
  return best?.type;
}

/** Whether who asks would rather have a page than JSON: a browser that was led here, and no script nor program. */
export const likesPages = (accept: string | null): boolean =>
  preferred(accept, ['application/problem+json', 'application/json', 'text/html']) === 'text/html';
