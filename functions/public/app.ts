import { type Context, type Env, Hono } from 'hono';
import { preferred } from '../http/accept.ts';
import { DOCUMENT_FRESHNESS } from '../http/freshness.ts';
import { preflight, READING } from '../http/preflight.ts';
import { asProblem, Problem } from '../http/problem.ts';
import { queryValue, queryValues } from '../http/query.ts';
import { type Representation, represent, respondTo } from '../http/representation.ts';
import { pathOf, redirection } from '../http/spelling.ts';
import { readOverlay } from '../pages/overlay.ts';
import { headersAt, problemAt } from '../pages/problemAt.ts';
import { siteFiles } from '../pages/siteFiles.ts';
import { answersBy, type Reads } from './answers.ts';
import {
  readCode,
  readHandle,
  readLimit,
  readOption,
  readPart,
  readPaymentAddr,
  readSetId,
} from './api/request.ts';
import { keptAnswers } from './keptAnswers.ts';
import * as render from './render.ts';

/** What the reading side is made of. */
export interface PublicOptions extends render.Source {
  readonly reads: Reads;
  /** The OpenAPI document to serve, as `openapi.ts` makes it. */
  readonly openapi: object;
  /** Hears of errors that are ours. It is told nothing of the request, whose address may hold a payer's set id. */
  readonly report?: (error: unknown) => void;
}

const INVOICE_FORMS = { 'application/json': 'json', 'text/plain': 'text' } as const;

/**
 * The path as routes know it: `/@alice` is `/@/alice`. A parameter that begins within a segment would bar Hono from
 * its one-expression router, and cost every request what the slower one takes.
 */
function routedPath(request: Request): string {
  const path = pathOf(request);
  return path.startsWith('/@') ? `/@/${path.slice(2)}` : path;
}

/**
 * The public reading side: everything that anyone may know of creators, their invoices and tips.
 *
 * An answer depends on the table and the clock alone, never on who asks; `reads` says how often the table is read.
 */
export function publicApp(options: PublicOptions): Hono {
  const { report = () => {} } = options;
  const app = new Hono({ getPath: routedPath });
  const { answers, cache } = answersBy(options.reads, options.clock);
  const kept = cache && keptAnswers(cache);

  /** Answer from what is shared under `key`, or make it. A problem is an answer like any other. */
  const give = (c: Context, key: string, make: () => Promise<Representation>) => {
    const fault = (error: unknown) => problemAt(c.req.path, asProblem(error, report));
    kept?.remember(c.req.raw, key);
    return answers(key, () => make().catch(fault)).then((answer) => respondTo(c.req.raw, answer));
  };

  const giveInvoice = (
    c: Context<Env, '/:handle'>,
    form: render.InvoiceForm,
    headers?: Record<string, string>,
  ) => {
    const handle = readHandle(c.req.param('handle'));
    const option = readOption(queryValue(c.req, 'option'));
    return give(c, `${form} ${handle} ${option}`, () =>
      render.invoice(options, form, handle, option, headers),
    );
  };

  const giveQr = (c: Context<Env, '/:handle'>, form: 'svg' | 'png') => {
    const code = readCode(queryValue(c.req, 'code'));
    if (code === 'amp') return giveInvoice(c, form);
    const handle = readHandle(c.req.param('handle'));
    const option = readOption(queryValue(c.req, 'option'));
    return give(c, `${code} ${form} ${handle} ${option}`, () =>
      render.code(options, code, form, handle, option),
    );
  };

  app.get('/v1/creators/:handle/invoice', (c) => {
    const type = preferred(c.req.raw.headers.get('accept'), ['application/json', 'text/plain']);
    if (type) return giveInvoice(c, INVOICE_FORMS[type], { vary: 'accept' });
    throw new Problem('not-acceptable', 'An invoice comes as application/json or text/plain.', {
      field: 'Accept',
      value: c.req.header('accept') ?? '',
      expected: 'a range that admits application/json or text/plain',
    });
  });
  app.get('/v1/creators/:handle/invoice.txt', (c) => giveInvoice(c, 'text'));
  for (const form of ['svg', 'png'] as const) {
    app.get(`/v1/creators/:handle/qr.${form}`, (c) => giveQr(c, form));
  }

  app.get('/v1/creators/:handle', (c) => {
    const handle = readHandle(c.req.param('handle'));
    return give(c, `profile ${handle}`, () => render.profile(options, handle));
  });
  app.get('/v1/creators/:handle/totals', (c) => {
    const handle = readHandle(c.req.param('handle'));
    return give(c, `totals ${handle}`, () => render.totals(options, handle));
  });
  app.get('/v1/creators/:handle/tips', (c) => {
    const handle = readHandle(c.req.param('handle'));
    const limit = readLimit(queryValue(c.req, 'limit'));
    const part = {
      limit,
      ...readPart(handle, { cursor: queryValue(c.req, 'cursor'), after: queryValue(c.req, 'after') }),
    };
    return give(c, `tips ${handle} ${limit} ${part.before} ${part.after}`, () =>
      render.feed(options, handle, part),
    );
  });

  app.get('/v1/invoices/:paymentAddr', (c) => {
    const paymentAddr = readPaymentAddr(c.req.param('paymentAddr'));
    return give(c, `named ${paymentAddr}`, () => render.named(options, paymentAddr));
  });
  app.get('/v1/invoices/:paymentAddr/qr.svg', (c) => {
    const paymentAddr = readPaymentAddr(c.req.param('paymentAddr'));
    return give(c, `named svg ${paymentAddr}`, () => render.namedQr(options, paymentAddr));
  });

  app.get('/v1/tips/:setId', async (c) => {
    // A payer's own: neither shared with another request nor kept.
    return respondTo(c.req.raw, await render.tip(options, readSetId(c.req.param('setId'))));
  });

  app.get('/@/:handle', (c) => {
    const handle = readHandle(c.req.param('handle'));
    const option = readOption(queryValue(c.req, 'option'));
    return give(c, `page ${handle} ${option}`, () => render.page(options, handle, option));
  });

  if (options.live) {
    app.get('/@/:handle/overlay', async (c) => {
      const handle = readHandle(c.req.param('handle'));
      const overlay = readOverlay(queryValues(c.req));
      // Shared with nobody: what it begins with is older the next moment.
      return respondTo(c.req.raw, await render.overlay(options, handle, overlay));
    });
  }

  const openapi = represent({
    type: 'application/json',
    body: JSON.stringify(options.openapi),
    cacheControl: DOCUMENT_FRESHNESS,
  });
  app.get('/openapi.json', (c) => respondTo(c.req.raw, openapi));
  for (const [path, make] of Object.entries(siteFiles(options.openapi))) {
    let answer: Representation | undefined;
    app.get(path, (c) => {
      answer ??= make();
      return respondTo(c.req.raw, answer);
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
  app.fetch = (request, ...rest) => {
    // What is kept is given before a route is looked for: that is most of what an answer from memory costs.
    const answer = kept?.to(request);
    if (answer) return respondTo(request, answer);
    return redirection(request, headersAt) ?? fetch(request, ...rest);
  };
  return app;
}
