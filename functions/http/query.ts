import type { HonoRequest } from 'hono';
import { Problem } from './problem.ts';

const shown = (value: string) => JSON.stringify(value.slice(0, 20));

/** The one value of a parameter. @throws Problem bad-value when there are more */
function theOne(name: string, [value, ...more]: readonly string[]): string | undefined {
  if (more.length === 0) return value;
  throw new Problem(
    'bad-value',
    `${name}: given ${more.length + 1} times, as ${shown(value!)} and ${shown(more[0]!)}, expected once.`,
    { field: name, value: [value, ...more].join(', '), expected: 'one value' },
  );
}

/**
 * The value of a query's parameter, undefined where it is not given. Given more than once, it says two things, of which servers,
 * caches and clients each believe another: that is refused, whatever the values are.
 * @throws Problem bad-value
 */
export const queryValue = (request: HonoRequest, name: string): string | undefined =>
  theOne(name, request.queries(name) ?? []);

/** All parameters of a query. @throws Problem bad-value for the first that is given more than once */
export const queryValues = (request: HonoRequest): Record<string, string> =>
  Object.fromEntries(
    Object.entries(request.queries()).map(([name, values]) => [name, theOne(name, values)!]),
  );
