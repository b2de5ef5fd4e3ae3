import { type Context, Hono } from 'hono';
import { preflight, READING } from '../http/preflight.ts';
import { asProblem, Problem } from '../http/problem.ts';
import { queryValue, queryValues } from '../http/query.ts';
import { type Representation, respondTo } from '../http/representation.ts';
import { pathOf, redirection } from '../http/spelling.ts';
import { headersAt, problemAt } from '../pages/problemAt.ts';
import { answersBy, type Reads } from './answers.ts';
import { ROUTES } from './routes/index.ts';
import type { Asked, Source } from './routes/route.ts';

/** What the reading side is made of. */
export interface PublicOptions extends Source {
  readonly reads: Reads;
  /** Hears of errors that are ours. It is told nothing of the request, whose address may hold a payer's set id. */
  readonly report?: (error: unknown) => void;
}

/**
 * The path as routes know it: `/@alice` is `/@/alice`. A parameter that begins within a segment would bar Hono from
 * its one-expression router, and cost every request what the slower one takes.
 */
function routedPath(request: Request): string {
  const path = pathOf(request);
  return path.startsWith('/@') ? `/@/${path.slice(2)}` : path;
}

/** A path of OpenAPI as the router has it. */
const routed = (path: string) => path.replace('/@', '/@/').replaceAll(/\{(\w+)\}/g, ':$1');

/** A request as routes read it. @param names the parameters of the query that the route has */
const askedBy = (c: Context, names: readonly string[]): Asked => ({
  param: (name) => c.req.param(name)!,
  query: (name) => {
    if (!names.includes(name)) throw new Error(`${name} is no parameter of ${c.req.path}`);
    return queryValue(c.req, name);
  },
  wholeQuery: () => queryValues(c.req),
  accept: c.req.raw.headers.get('accept'),
});

/**
 * The public reading side: everything that anyone may know of creators, their invoices and tips.
 *
 * An answer depends on the table and the clock alone, never on who asks; `reads` says how often the table is read.
 */
export function publicApp(options: PublicOptions): Hono {
  const { report = () => {} } = options;
  const app = new Hono({ getPath: routedPath });
  const answers = answersBy(options.reads);

  for (const route of ROUTES) {
    const { path, id, parameters = [], answer, fixed, isThere } = route;
    if (isThere && !isThere(options)) continue;
    const names = parameters.filter((each) => each.in === 'query').map(({ name }) => name);
    if (fixed) {
      let made: Representation | undefined;
      app.get(routed(path), (c) => {
        made ??= fixed(options);
        return respondTo(c.req.raw, made);
      });
    }
    if (!answer) continue;
    app.get(routed(path), (c) => {
      const { key, make } = answer(askedBy(c, names), options);
      // A problem is an answer like any other.
      const told = () => make().catch((error) => problemAt(c.req.path, asProblem(error, report)));
      if (key === undefined) return told().then((made) => respondTo(c.req.raw, made));
      return answers(`${id} ${key}`, told).then((made) => respondTo(c.req.raw, made));
    });
  }

  app.options('*', preflight);

  app.notFound((c) => {
    const [readers] = app.router.match('GET', c.req.path);
    const problem =
      readers.length > 0
        ? new Problem('method-not-allowed', `${c.req.method} can't be used here.`, undefined, {
            allow: READING,
          })
        : new Problem('unknown-path', 'No such address; /openapi.json describes those that there are.');
    return respondTo(c.req.raw, problemAt(c.req.path, problem));
  });

  app.onError((error, c) => respondTo(c.req.raw, problemAt(c.req.path, asProblem(error, report))));

  const { fetch } = app;
  app.fetch = (request, ...rest) => redirection(request, headersAt) ?? fetch(request, ...rest);
  return app;
}
