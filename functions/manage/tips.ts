import { z } from '@hono/zod-openapi';
import { tipBody, tipEvent } from '../../shared/contract/tip.ts';
import {
  decodeEventCursor,
  EventCursorError,
  encodeEventCursor,
  eraseText,
  readEvents,
  readNewest,
  readTip,
} from '../../shared/ledger/index.ts';
import { badValue, Problem } from '../http/problem.ts';
import { give } from './answer.ts';
import { unknownCreator } from './bearer.ts';
import { creatorOf } from './creators.ts';
import * as fields from './fields.ts';
import { type ManageHono, type ManageParts, operation } from './operation.ts';
import { eventsSchema, tipSchema, tipsSchema } from './schemas.ts';

/** The set id is a payer's secret, so the error doesn't repeat it. */
const unknownTip = () =>
  new Problem('unknown-tip', 'setId: the creator has no such tip.', {
    field: 'setId',
    expected: 'the set id of one of the creator’s tips',
  });

const TIPS = '/v1/manage/creators/{handle}/tips';

/** A creator's tips with all that is known of them, and the same as events. */
export function tipRoutes(app: ManageHono, parts: ManageParts): void {
  const { ledger } = parts;

  operation(
    app,
    parts,
    {
      method: 'get',
      path: TIPS,
      id: 'listTips',
      summary: 'All tips of a creator, newest first, with set ids and what the payers wrote.',
      who: 'creator',
      query: z.strictObject({
        before: fields
          .position('The sequence number that all are below: the `next` of the page before.')
          .optional(),
        limit: fields.limit,
      }),
      answer: [200, tipsSchema],
    },
    async ({ params: { handle }, query }) => {
      await creatorOf(ledger, handle);
      const { tips, next } = await readNewest(ledger, handle, query);
      return give({ tips: tips.map(tipBody), next: next?.toString() ?? null });
    },
  );

  operation(
    app,
    parts,
    {
      method: 'get',
      path: `${TIPS}/{setId}`,
      id: 'getTip',
      summary: 'One tip of a creator.',
      who: 'creator',
      answer: [200, tipSchema],
    },
    async ({ params: { handle, setId } }) => {
      const tip = await readTip(ledger, setId);
      if (tip?.handle !== handle) throw unknownTip();
      return give(tipBody(tip));
    },
  );

  operation(
    app,
    parts,
    {
      method: 'delete',
      path: `${TIPS}/{setId}/text`,
      id: 'eraseText',
      summary: 'Erase what a payer wrote, message and name, from a tip. Its money is not touched.',
      description:
        'It is gone from feed, pages and events at once, from caches within seconds. It can’t be had back.',
      who: 'creator',
      answer: [200, tipSchema],
    },
    async ({ params: { handle, setId } }) => {
      const tip = await eraseText(ledger, handle, setId);
      if (!tip) throw unknownTip();
      return give(tipBody(tip));
    },
  );

  operation(
    app,
    parts,
    {
      method: 'get',
      path: '/v1/events',
      id: 'listEvents',
      summary: 'A creator’s events, oldest first: for programs that take no webhooks, or missed some.',
      description:
        'Ask again with the `next` of the answer as `after`, whether there was anything or not. Tips below the minimum are among them, marked, so that sequence numbers have no hole.',
      who: 'anyone',
      query: z.strictObject({
        after: z
          .string()
          .max(100, { error: 'the next of an answer before' })
          .optional()
          .meta({ description: 'The `next` of the answer before; without it, from the first event on.' }),
        limit: fields.limit,
        handle: fields.handle
          .optional()
          .meta({ description: 'Whose events; a creator’s own key needs none, the operator’s does.' }),
      }),
      answer: [200, eventsSchema],
    },
    async ({ bearer, query: { after, limit, handle = bearer.key.handle } }) => {
      if (handle === undefined)
        throw badValue('handle', undefined, 'a handle, which the operator’s key needs');
      if (bearer.key.handle !== undefined && bearer.key.handle !== handle) throw unknownCreator(handle);
      await creatorOf(ledger, handle);
      const { tips, through, next } = await readEvents(ledger, handle, {
        after: positionOf(handle, after),
        limit,
      });
      return give({
        events: tips.map(tipEvent),
        next: encodeEventCursor(handle, through),
        more: next !== undefined,
      });
    },
  );
}

function positionOf(handle: string, after: string | undefined): bigint {
  if (after === undefined) return 0n;
  try {
    return decodeEventCursor(handle, after);
  } catch (error) {
    if (!(error instanceof EventCursorError)) throw error;
    throw badValue(
      'after',
      after,
      'the next of an answer before; leave it out to start with the first event',
    );
  }
}
