import { bodyLimit } from 'hono/body-limit';
import { type Rate, TokenBuckets } from '../../shared/concurrency/tokenBuckets.ts';
import { asProblem, Problem } from '../http/problem.ts';
import { giveProblem, respond } from './answer.ts';
import { readBearer } from './bearer.ts';
import type { ManageHono, ManageParts } from './operation.ts';
import { emptyApp, manageRoutes } from './routes.ts';

export interface ManageOptions extends ManageParts {
  /** The OpenAPI document to serve, as `document.ts` makes it of the routes: it is committed, for to make it takes a cold start longer than all else. */
  readonly openapi: { readonly paths: Readonly<Record<string, object>> };
  /** Milliseconds of a clock that never jumps. */
  readonly steadyMs: () => number;
  /** How often one creator may ask of this process, by all their keys together; {@link CREATOR_RATE} unless told. */
  readonly creatorRate?: Rate;
}

/** What one creator, or one key of the operator’s, may ask of one process: more than people and polling programs need. */
export const CREATOR_RATE: Rate = { perSecond: 10, burst: 100 };

/** The largest body that any request has a use for is far below it. */
export const MOST_BODY_BYTES = 16_384;

/** Who asks too often is told when to come back. @see draft-ietf-httpapi-ratelimit-headers */
function rateHeaders(buckets: TokenBuckets, who: string, { perSecond, burst }: Rate): Record<string, string> {
  const left = buckets.left(who);
  return {
    'ratelimit-policy': `"creator";q=${burst};w=${Math.ceil(burst / perSecond)}`,
    ratelimit: `"creator";r=${left};t=${Math.ceil((burst - left) / perSecond)}`,
  };
}

/**
 * The creator's API: all that the operator sets up for creators, and creators, or programs on their behalf, set up themselves.
 * Everything is under a key; the key of one creator reaches nothing of another.
 */
export function manageApp(options: ManageOptions): ManageHono {
  const { openapi, ledger, clock, report, steadyMs, creatorRate = CREATOR_RATE } = options;
  const app = emptyApp();
  const buckets = new TokenBuckets(creatorRate, steadyMs);

  const document = JSON.stringify(openapi);
  app.get('/v1/manage/openapi.json', () =>
    respond({ status: 200, body: document, headers: { 'content-type': 'application/json' } }),
  );

  app.use(
    '/v1/*',
    bodyLimit({
      maxSize: MOST_BODY_BYTES,
      onError: () => {
        throw new Problem('too-large', `The body is larger than ${MOST_BODY_BYTES} bytes.`, {
          field: 'body',
          expected: `at most ${MOST_BODY_BYTES} bytes`,
        });
      },
    }),
  );
  app.use('/v1/*', async (c, next) => {
    const bearer = await readBearer(ledger, c.req.header('authorization'), clock(), report);
    // A creator has many keys; the operator's are programs of one's own, which don't hold up one another.
    const who = bearer.key.handle ?? bearer.key.id;
    if (!buckets.take(who))
      throw new Problem(
        'too-many-requests',
        'The creator’s keys asked too often; ask again in a moment.',
        undefined,
        {
          ...rateHeaders(buckets, who, creatorRate),
          'retry-after': String(Math.max(1, Math.ceil(1 / creatorRate.perSecond))),
        },
      );
    c.set('bearer', bearer);
    await next();
    for (const [name, value] of Object.entries(rateHeaders(buckets, who, creatorRate)))
      c.res.headers.set(name, value);
  });
  const kindly =
    <A extends unknown[]>(hint: ((...args: A) => void | Promise<void>) | undefined) =>
    async (...args: A) => {
      try {
        await hint?.(...args);
      } catch (error) {
        report(error);
      }
    };
  manageRoutes(app, { ...options, wanted: kindly(options.wanted), queued: kindly(options.queued) });

  const places = Object.entries(openapi.paths).map(([path, operations]) => ({
    pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    methods: Object.keys(operations).map((method) => method.toUpperCase()),
  }));
  app.notFound((c) => {
    const here = places.find(({ pattern }) => pattern.test(c.req.path));
    const problem = here
      ? new Problem('method-not-allowed', `${c.req.method} can’t be used here.`, undefined, {
          allow: here.methods.join(', '),
        })
      : new Problem(
          'unknown-path',
          'No such address; /v1/manage/openapi.json describes those that there are.',
        );
    return respond(giveProblem(problem));
  });
  app.onError((error) => respond(giveProblem(asProblem(error, report))));
  return app;
}
