import { z } from '@hono/zod-openapi';
import { type AmountLimits, holdPayable, payableLimits } from '../../shared/contract/money.ts';
import {
  AllowanceError,
  addCreator,
  type Creator,
  CreatorError,
  closeCreator,
  editCreator,
  HandleError,
  type Ledger,
  MOST_NAME,
  readCreator,
  readCreatorsPage,
  readCreatorWithTotals,
  readCurrentInvoices,
  reopenCreator,
} from '../../shared/ledger/index.ts';
import { badValue, Problem } from '../http/problem.ts';
import { give } from './answer.ts';
import { unknownCreator } from './bearer.ts';
import * as fields from './fields.ts';
import { type ManageHono, type ManageParts, operation } from './operation.ts';
import { changing } from './precondition.ts';
import {
  type CreatorBody,
  creatorSchema,
  creatorsSchema,
  type InvoicesBody,
  invoicesSchema,
  type OptionBody,
  type TotalsBody,
  totalsSchema,
} from './schemas.ts';

export const optionBody = ({ id, label, amountMsat }: Creator['options'][number]): OptionBody => ({
  id,
  label,
  amountMsat: amountMsat?.toString() ?? null,
});

const creatorBody = (creator: Creator): CreatorBody => {
  const { handle, name, status, shows, minimumMsat, leastMsat, mostMsat, options, createdAt } = creator;
  return {
    handle,
    name,
    status,
    shows,
    minimumMsat: minimumMsat?.toString() ?? null,
    limits:
      leastMsat === undefined || mostMsat === undefined
        ? null
        : { leastMsat: leastMsat.toString(), mostMsat: mostMsat.toString() },
    options: options.map(optionBody),
    createdAt: createdAt.toISOString(),
  };
};

export const giveCreator = (creator: Creator, status = 200) =>
  give(creatorBody(creator), { status, version: creator.version });

/** A creator as they are now. @throws Problem unknown-creator */
export async function creatorOf(ledger: Ledger, handle: string): Promise<Creator> {
  const creator = await readCreator(ledger, handle, true);
  if (!creator) throw unknownCreator(handle);
  return creator;
}

/** What the ledger refuses a creator, as a problem. */
export const asRefusal = (error: unknown): never => {
  if (error instanceof AllowanceError)
    throw new Problem('refused', `${error.message}.`, undefined, {
      'retry-after': String(Math.ceil(error.waitMs / 1000)),
    });
  if (error instanceof HandleError)
    throw badValue('handle', undefined, error.message.replace(/^handle: /, 'one that can be given: '));
  if (!(error instanceof CreatorError)) throw error;
  if (error.message.endsWith('is taken')) throw new Problem('taken', `${error.message}.`);
  throw new Problem('refused', `${error.message}.`);
};

/** Whether all was well so far: amounts that are none can't be compared. */
const unspoilt = ({ issues }: { issues: readonly unknown[] }) => issues.length === 0;

const limits = z
  .strictObject(
    {
      leastMsat: fields.askedMsat('The least that can be asked for.', '1000'),
      mostMsat: fields.askedMsat('The most that can be asked for.', '10000000000'),
    },
    { error: 'leastMsat and mostMsat, or null' },
  )
  .refine(({ leastMsat, mostMsat }) => leastMsat <= mostMsat, {
    error: 'limits with leastMsat at most mostMsat',
    when: unspoilt,
  })
  .refine(holdPayable, {
    error: ({ input }) => `${payableLimits(input as AmountLimits)} msat`,
    when: unspoilt,
  })
  .nullable()
  .meta({ description: 'What an invoice of one’s own can be asked for; null for the service’s own bounds.' });

const newCreator = z
  .strictObject({
    handle: fields.handle,
    name: fields.line(MOST_NAME, 'What the creator is called.', 'Alice'),
    shows: fields.shows.optional(),
  })
  .openapi('CreatorCreate');

const creatorEdit = z
  .strictObject({
    name: fields.line(MOST_NAME, 'What the creator is called.', 'Alice').optional(),
    shows: fields.shows.optional(),
    minimumMsat: fields
      .anyMsat(
        'Tips below it stay out of feed, webhooks and the live page from now on; null or 0 lets all in.',
      )
      .nullable()
      .optional(),
    limits: limits.optional(),
  })
  .openapi('CreatorChange');

const CREATOR = '/v1/manage/creators/{handle}';

/** Creators: made and listed by the operator, read and changed by themselves. */
export function creatorRoutes(app: ManageHono, parts: ManageParts): void {
  const { ledger, wanted } = parts;

  operation(
    app,
    parts,
    {
      method: 'post',
      path: '/v1/manage/creators',
      id: 'createCreator',
      summary: 'A new creator, with a tip option of an open amount, whose invoice is made at once.',
      who: 'operator',
      body: newCreator,
      answer: [201, creatorSchema],
      tagged: true,
    },
    async ({ body: { handle, name, shows }, now, random }) => {
      const madeBy = Buffer.from(random(16)).toString('hex');
      const creator = await addCreator(ledger, { handle, name, madeBy, ...(shows && { shows }) }, now).catch(
        asRefusal,
      );
      await wanted(creator.node);
      return giveCreator(creator, 201);
    },
  );

  operation(
    app,
    parts,
    {
      method: 'get',
      path: '/v1/manage/creators',
      id: 'listCreators',
      summary: 'All creators by handle.',
      who: 'operator',
      query: z.strictObject({
        after: fields
          .textOf(/^[a-z0-9-]{1,30}$/, 'a handle', {
            description: 'The handle to go on after: the `next` of the page before.',
          })
          .optional(),
        limit: fields.limit,
      }),
      answer: [200, creatorsSchema],
    },
    async ({ query: { after, limit } }) => {
      const { creators, next } = await readCreatorsPage(ledger, { limit, ...(after && { after }) });
      return give({ creators: creators.map(creatorBody), next: next ?? null });
    },
  );

  operation(
    app,
    parts,
    {
      method: 'get',
      path: CREATOR,
      id: 'getCreator',
      summary: 'A creator: profile, tip options, what the public sees.',
      who: 'creator',
      answer: [200, creatorSchema],
      tagged: true,
    },
    async ({ params: { handle } }) => giveCreator(await creatorOf(ledger, handle)),
  );

  operation(
    app,
    parts,
    {
      method: 'patch',
      path: CREATOR,
      id: 'changeCreator',
      summary: 'Change what a creator is called, shows and takes; what is left out stays.',
      who: 'creator',
      guarded: true,
      body: creatorEdit,
      answer: [200, creatorSchema],
      tagged: true,
    },
    async ({ params: { handle }, body: { minimumMsat, ...edit }, precondition }) => {
      const change = { ...edit, minimumMsat: minimumMsat === null ? 0n : minimumMsat };
      const changed = await changing(
        precondition,
        () => creatorOf(ledger, handle),
        (version) => editCreator(ledger, handle, change, { version }),
      ).catch(asRefusal);
      return giveCreator(changed);
    },
  );

  operation(
    app,
    parts,
    {
      method: 'delete',
      path: CREATOR,
      id: 'closeCreator',
      summary: 'Close a creator: the pages answer 410 from now on, and what still arrives is booked.',
      description: 'Nothing is deleted. Others can’t have the handle, and the creator can be reopened.',
      who: 'creator',
      guarded: true,
      answer: [200, creatorSchema],
      tagged: true,
    },
    async ({ params: { handle }, precondition }) =>
      giveCreator(
        await changing(
          precondition,
          () => creatorOf(ledger, handle),
          (version) => closeCreator(ledger, handle, { version }),
        ),
      ),
  );

  operation(
    app,
    parts,
    {
      method: 'post',
      path: `${CREATOR}/reopen`,
      id: 'reopenCreator',
      summary: 'Open a closed creator again, with the tip options of before.',
      who: 'creator',
      answer: [200, creatorSchema],
      tagged: true,
    },
    async ({ params: { handle }, now }) => {
      const opened = await changing(
        'any',
        () => creatorOf(ledger, handle),
        () => reopenCreator(ledger, handle, now),
      );
      await wanted(opened.node);
      return giveCreator(opened);
    },
  );

  operation(
    app,
    parts,
    {
      method: 'get',
      path: `${CREATOR}/invoices`,
      id: 'listInvoices',
      summary: 'What each tip option hands out now.',
      who: 'creator',
      answer: [200, invoicesSchema],
    },
    async ({ params: { handle } }) => {
      const { options } = await creatorOf(ledger, handle);
      const ids = options.map(({ id }) => id);
      const current = await readCurrentInvoices(ledger, handle, ids);
      const invoices = options.map(({ id }) => {
        const invoice = current.get(id);
        return {
          optionId: id,
          paymentRequest: invoice?.paymentRequest ?? null,
          paymentAddr: invoice?.paymentAddr ?? null,
          createdAt: invoice?.createdAt.toISOString() ?? null,
          expiresAt: invoice?.expiresAt.toISOString() ?? null,
        };
      });
      return give({ invoices } satisfies InvoicesBody);
    },
  );

  operation(
    app,
    parts,
    {
      method: 'get',
      path: `${CREATOR}/totals`,
      id: 'getTotals',
      summary: 'Number and sum of all tips, and by tip option, also of those that are gone.',
      who: 'creator',
      answer: [200, totalsSchema],
    },
    async ({ params: { handle } }) => {
      const { creator, totals } = await readCreatorWithTotals(ledger, handle);
      if (!creator) throw unknownCreator(handle);
      const ids = new Set([...creator.options.map(({ id }) => id), ...totals.options.keys()]);
      const written = (sum = { count: 0n, amountMsat: 0n }) => ({
        count: sum.count.toString(),
        amountMsat: sum.amountMsat.toString(),
      });
      const options = Array.from(ids, (id) => ({ id, ...written(totals.options.get(id)) }));
      return give({ ...written(totals), options } satisfies TotalsBody);
    },
  );
}
