import { bodyLimit } from 'hono/body-limit';
import { Buckets, type Rate } from '../../shared/rate.ts';
import { asProblem, Problem } from '../public/problem.ts';
import { giveProblem, respond } from './answer.ts';
import { readBearer } from './bearer.ts';
import { documentOf } from './document.ts';
import type { ManageHono, ManageParts } from './operation.ts';
import { emptyApp, manageRoutes } from './routes.ts';

export interface ManageOptions extends ManageParts {
  /** Milliseconds of a clock that never jumps. */
  readonly steadyMs: () => number;
  /** How often one key may ask of this process; {@link KEY_RATE} unless told. */
  readonly keyRate?: Rate;
}

/** What one key may ask of one process: more than a person or a polling program needs. */
export const KEY_RATE: Rate = { perSecond: 10, burst: 100 };

/** The largest body that any request has a use for is far below it. */
export const MOST_BODY_BYTES = 16_384;

/** Who asks too often is told when to come back. @see draft-ietf-httpapi-ratelimit-headers */
function rateHeaders(buckets: Buckets, key: string, { perSecond, burst }: Rate): Record<string, string> {
  const left = buckets.left(key);
  return {
    'ratelimit-policy': `"key";q=${burst};w=${Math.ceil(burst / perSecond)}`,
    ratelimit: `"key";r=${left};t=${Math.ceil((burst - left) / perSecond)}`,
  };
}

/**
 * The creator's API: all that the operator sets up for creators, and creators, or programs on their behalf, set up themselves.
 * Everything is under a key; the key of one creator reaches nothing of another.
 */
export function manageApp(options: ManageOptions): ManageHono {
  const { ledger, clock, report, steadyMs, keyRate = KEY_RATE } = options;
  const app = emptyApp();
  const buckets = new Buckets(keyRate, steadyMs);

  const description = documentOf();
  const document = JSON.stringify(description);
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
    const { id } = bearer.key;
    if (!buckets.take(id))
      throw new Problem('too-many-requests', 'The key asked too often; ask again in a moment.', undefined, {
        ...rateHeaders(buckets, id, keyRate),
        'retry-after': String(Math.max(1, Math.ceil(1 / keyRate.perSecond))),
      });
    c.set('bearer', bearer);
    await next();
    for (const [name, value] of Object.entries(rateHeaders(buckets, id, keyRate)))
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

  const places = Object.entries(description.paths ?? {}).map(([path, operations]) => ({
    pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    methods: Object.keys(operations as object).map((method) => method.toUpperCase()),
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
