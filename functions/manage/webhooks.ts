import { z } from '@hono/zod-openapi';
import { WEBHOOK_EVENTS } from '../../shared/contract/choices.ts';
import { isShown, shownText } from '../../shared/contract/shownText.ts';
import {
  AllowanceError,
  changeWebhook,
  type Delivery,
  deleteWebhook,
  isDeliveryId,
  putWebhook,
  readDeliveries,
  readWebhook,
  readWebhooks,
  rotateSecret,
  TooManyWebhooksError,
  type Webhook,
  WebhookMissingError,
} from '../../shared/ledger/index.ts';
import { badValue, Problem } from '../http/problem.ts';
import { checkWebhookUrl, WebhookUrlError } from '../ssrf/urls.ts';
import { done, give } from './answer.ts';
import { creatorOf, asRefusal as refusal } from './creators.ts';
import * as fields from './fields.ts';
import { type ManageHono, type ManageParts, operation } from './operation.ts';
import { changing } from './precondition.ts';
import { MOST_REPLAYED, ReplayError, replay, sendTest } from './replay.ts';
import {
  type DeliveryBody,
  deliveriesSchema,
  newSecretSchema,
  queuedSchema,
  type WebhookBody,
  webhookSchema,
  webhooksSchema,
} from './schemas.ts';

const webhookBody = (webhook: Webhook): WebhookBody => ({
  id: webhook.id,
  handle: webhook.handle,
  url: webhook.url,
  description: webhook.description ?? null,
  events: webhook.events,
  status: webhook.status,
  offReason: webhook.offReason ?? null,
  offAt: webhook.offAt?.toISOString() ?? null,
  failingSince: webhook.failingSince?.toISOString() ?? null,
  secrets: webhook.secrets.map(({ until }) => ({ validUntil: until?.toISOString() ?? null })),
  createdAt: webhook.createdAt.toISOString(),
});

/** The one answer that holds a secret, when it is made. */
const giveSecret = (webhook: Webhook, status: number) =>
  give(
    { webhook: webhookBody(webhook), secret: webhook.secrets[0]!.secret },
    { status, version: webhook.version },
  );

const deliveryBody = (delivery: Delivery): DeliveryBody => ({
  id: delivery.id,
  eventId: delivery.eventId,
  type: delivery.type,
  state: delivery.state,
  reason: delivery.reason ?? null,
  createdAt: delivery.createdAt.toISOString(),
  due: delivery.due?.toISOString() ?? null,
  tries: delivery.tries,
  attempts: delivery.attempts.map(({ at, durationMs, status, error }) => ({
    at: at.toISOString(),
    durationMs,
    status: status ?? null,
    error: error ?? null,
  })),
});

const MOST_DESCRIPTION = 200;
const MOST_URL = 2048;
const url = z
  .string({ error: 'an https URL' })
  .max(MOST_URL, { error: `an https URL of at most ${MOST_URL} characters` })
  .refine((given) => isShown(given, MOST_URL), {
    error: ({ input }) => `an https URL of ${shownText(MOST_URL, input)}`,
  })
  .meta({
    description: 'An https URL of the public internet, without user name, password and fragment.',
    examples: ['https://example.com/ampjar'],
  });
const description = fields.line(MOST_DESCRIPTION, 'What the endpoint is for.', 'Shop server');
const events = z
  .array(z.enum(WEBHOOK_EVENTS, { error: `one of ${WEBHOOK_EVENTS.join(', ')}` }), {
    error: `a list of ${WEBHOOK_EVENTS.join(', ')}`,
  })
  .min(1, { error: 'at least one event' })
  .max(WEBHOOK_EVENTS.length, { error: 'each event once' })
  .meta({ description: 'What it is told of.' });

const newWebhook = z
  .strictObject({ url, description: description.optional(), events: events.default(['tip.settled']) })
  .openapi('WebhookCreate');
const webhookEdit = z
  .strictObject({
    url: url.optional(),
    description: description.optional(),
    events: events.optional(),
    status: z
      .enum(['enabled', 'disabled'], { error: 'enabled or disabled' })
      .optional()
      .meta({ description: 'Enabled again, also after the service switched it off, or left alone.' }),
  })
  .openapi('WebhookChange');

const replayed = z
  .union(
    [
      z.strictObject({
        eventId: z
          .string({ error: 'the id of an event' })
          .max(200, { error: 'the id of an event' })
          .meta({ description: 'The id of an event.', examples: ['tip_settled_c1a7…'] }),
      }),
      z.strictObject({
        after: fields.position('The sequence number that all are above; 0 for all from the first.'),
        until: fields.position('The last sequence number of the span; without it, to the newest.').optional(),
      }),
    ],
    { error: 'eventId alone, or after and until' },
  )
  .openapi('WebhookReplay');

const WEBHOOKS = '/v1/manage/creators/{handle}/webhooks';
const WEBHOOK = `${WEBHOOKS}/{endpointId}` as const;

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');

/** Random bytes, the first of which are looked at before they are used. */
function peeked(random: (length: number) => Uint8Array, length: number) {
  const first = random(length);
  let used = false;
  const rest = (asked: number) => {
    if (used) return random(asked);
    used = true;
    return first;
  };
  return { first, random: rest };
}

const unknownWebhook = (endpointId: string) =>
  new Problem('unknown-webhook', 'endpointId: the creator has no such webhook endpoint.', {
    field: 'endpointId',
    value: endpointId,
    expected: 'the id of one of the creator’s webhook endpoints',
  });

/** A webhook endpoint of a creator as it is now. @throws Problem */
async function webhookOf({ ledger }: ManageParts, handle: string, endpointId: string): Promise<Webhook> {
  const webhook = await readWebhook(ledger, handle, endpointId);
  if (!webhook) throw unknownWebhook(endpointId);
  return webhook;
}

/** Endpoints that events are posted to. Each has its own ETag. */
export function webhookRoutes(app: ManageHono, parts: ManageParts): void {
  const { ledger, webhookUrls } = parts;

  const checked = (given: string) => {
    try {
      return checkWebhookUrl(given, webhookUrls);
    } catch (error) {
      if (!(error instanceof WebhookUrlError)) throw error;
      throw badValue('url', given, `a URL that events can be posted to: it ${error.reason}`);
    }
  };

  operation(
    app,
    parts,
    {
      method: 'post',
      path: WEBHOOKS,
      id: 'createWebhook',
      summary: 'A new webhook endpoint; its secret is shown this once.',
      who: 'creator',
      body: newWebhook,
      answer: [201, newSecretSchema],
      tagged: true,
    },
    async ({ params: { handle }, body, now, random, again }) => {
      await creatorOf(ledger, handle);
      const settings = { ...body, handle, url: checked(body.url), events: [...new Set(body.events)] };
      const { first, random: ready } = peeked(random, 16);
      const before = again ? await readWebhook(ledger, handle, `we_${base64url(first)}`) : undefined;
      const webhook = before ?? (await putWebhook(ledger, settings, now, ready).catch(asRefusal));
      return giveSecret(webhook, 201);
    },
  );

  operation(
    app,
    parts,
    {
      method: 'get',
      path: WEBHOOKS,
      id: 'listWebhooks',
      summary: 'The webhook endpoints of a creator.',
      who: 'creator',
      answer: [200, webhooksSchema],
    },
    async ({ params: { handle } }) => {
      await creatorOf(ledger, handle);
      return give({ webhooks: (await readWebhooks(ledger, handle)).map(webhookBody) });
    },
  );

  operation(
    app,
    parts,
    {
      method: 'get',
      path: WEBHOOK,
      id: 'getWebhook',
      summary: 'One webhook endpoint.',
      who: 'creator',
      answer: [200, webhookSchema],
      tagged: true,
    },
    async ({ params: { handle, endpointId } }) => {
      const webhook = await webhookOf(parts, handle, endpointId);
      return give(webhookBody(webhook), { version: webhook.version });
    },
  );

  operation(
    app,
    parts,
    {
      method: 'patch',
      path: WEBHOOK,
      id: 'changeWebhook',
      summary:
        'Change an endpoint; what is left out stays. Each try that begins from now on goes to the new address.',
      who: 'creator',
      guarded: true,
      body: webhookEdit,
      answer: [200, webhookSchema],
      tagged: true,
    },
    async ({ params: { handle, endpointId }, body, precondition }) => {
      const change = {
        ...(body.url !== undefined && { url: checked(body.url) }),
        ...(body.description !== undefined && { description: body.description }),
        ...(body.events !== undefined && { events: [...new Set(body.events)] }),
        ...(body.status !== undefined && { status: body.status }),
      };
      const webhook = await changing(
        precondition,
        () => webhookOf(parts, handle, endpointId),
        (version) => changeWebhook(ledger, handle, endpointId, change, version),
      ).catch(asRefusal);
      return give(webhookBody(webhook), { version: webhook.version });
    },
  );

  operation(
    app,
    parts,
    {
      method: 'delete',
      path: WEBHOOK,
      id: 'deleteWebhook',
      summary: 'Delete an endpoint: no try begins any more, nor of what waits.',
      who: 'creator',
      guarded: true,
      answer: [204],
    },
    async ({ params: { handle, endpointId }, precondition }) => {
      await changing(
        precondition,
        () => webhookOf(parts, handle, endpointId),
        (version) => deleteWebhook(ledger, handle, endpointId, version),
      ).catch(asRefusal);
      return done();
    },
  );

  operation(
    app,
    parts,
    {
      method: 'post',
      path: `${WEBHOOK}/rotate-secret`,
      id: 'rotateSecret',
      summary: 'A new secret, shown this once; for a day the old one signs beside it.',
      who: 'creator',
      answer: [200, newSecretSchema],
      tagged: true,
    },
    async ({ params: { handle, endpointId }, now, random, again }) => {
      // The same bytes at each try, so that a second attempt knows what the first one made.
      const bytes = random(32);
      const before = await webhookOf(parts, handle, endpointId);
      if (again && before.secrets[0]?.secret === `whsec_${base64(bytes)}`) return giveSecret(before, 200);
      const webhook = await changing(
        'any',
        () => webhookOf(parts, handle, endpointId),
        (_, { version }) => rotateSecret(ledger, handle, endpointId, now, () => bytes, { version }),
      ).catch(asRefusal);
      return giveSecret(webhook, 200);
    },
  );

  operation(
    app,
    parts,
    {
      method: 'post',
      path: `${WEBHOOK}/test`,
      id: 'testWebhook',
      summary: 'Send an endpoint a test event, with retries and an entry in the log.',
      who: 'creator',
      answer: [202, queuedSchema],
    },
    async ({ params: { handle, endpointId }, now, random }) => {
      const webhook = await webhookOf(parts, handle, endpointId);
      const ref = await sendTest(ledger, webhook, now, random).catch(asRefusal);
      await parts.queued?.([ref]);
      return give({ queued: 1, deliveryId: ref.id, next: null }, { status: 202 });
    },
  );

  operation(
    app,
    parts,
    {
      method: 'post',
      path: `${WEBHOOK}/replay`,
      id: 'replayWebhook',
      summary: 'Send events to an endpoint again: one by its id, or those of a span of sequence numbers.',
      description:
        `Under the ids that they have, whatever became of them before. ${MOST_REPLAYED} sequence numbers at a time: ` +
        'where there are more, ask again with `next` as `after`.',
      who: 'creator',
      body: replayed,
      answer: [202, queuedSchema],
    },
    async ({ params: { handle, endpointId }, body, now }) => {
      const webhook = await webhookOf(parts, handle, endpointId);
      const which =
        'eventId' in body
          ? body
          : { after: body.after, ...(body.until !== undefined && { until: body.until }) };
      const { queued, next } = await replay(ledger, webhook, which, now).catch(asRefusal);
      await parts.queued?.(queued);
      return give(
        { queued: queued.length, deliveryId: null, next: next?.toString() ?? null },
        { status: 202 },
      );
    },
  );

  operation(
    app,
    parts,
    {
      method: 'get',
      path: `${WEBHOOK}/deliveries`,
      id: 'listDeliveries',
      summary: 'What was sent to an endpoint, and how that went, for thirty days.',
      who: 'creator',
      query: z.strictObject({
        before: z.string().refine(isDeliveryId, { error: 'the next of the page before' }).optional().meta({
          description: 'The `next` of the page before; without it, the newest.',
          pattern: '^[0-9]{14}-[0-9A-Za-z_-]{16}$',
        }),
        limit: fields.limit,
      }),
      answer: [200, deliveriesSchema],
    },
    async ({ params: { handle, endpointId }, query: { before, limit } }) => {
      await webhookOf(parts, handle, endpointId);
      const page = { limit, ...(before !== undefined && { before }) };
      const { deliveries, next } = await readDeliveries(ledger, endpointId, page);
      return give({ deliveries: deliveries.map(deliveryBody), next: next ?? null });
    },
  );
}

const asRefusal = (error: unknown): never => {
  if (error instanceof WebhookMissingError) throw unknownWebhook(error.id);
  if (error instanceof AllowanceError) return refusal(error);
  if (error instanceof ReplayError && error.reason === 'under way')
    throw new Problem('in-progress', `endpointId: ${error.message}.`, undefined, { 'retry-after': '1' });
  if (error instanceof ReplayError)
    throw error.reason === 'not enabled'
      ? new Problem('refused', `endpointId: ${error.message}.`)
      : badValue('eventId', undefined, 'the id of an event that the endpoint can be told of');
  if (error instanceof TooManyWebhooksError) throw new Problem('refused', `${error.message}.`);
  throw error;
};
