import { z } from '@hono/zod-openapi';
import { WEBHOOK_EVENTS } from '../../shared/contract/choices.ts';
import { tipSchema as tip, tipEventSchema as tipEvent } from '../../shared/contract/tipSchemas.ts';
import * as fields from './fields.ts';

export const problemSchema = z
  .strictObject({
    type: z.string().meta({ examples: ['urn:problem-type:ampjar:unknown-creator'] }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    field: z.string().optional().meta({ description: 'The part of the request that the problem is about.' }),
    value: z.string().optional().meta({ description: 'What it held, cut to 40 characters.' }),
    expected: z.string().optional().meta({ description: 'What it should hold.' }),
  })
  .openapi('Problem');

export const optionSchema = z
  .strictObject({
    id: fields.optionId,
    label: z.string(),
    amountMsat: fields.msat.nullable().meta({ description: 'Millisatoshi; null if the payer decides.' }),
  })
  .openapi('TipOption');

export const creatorSchema = z
  .strictObject({
    handle: fields.handle,
    name: z.string(),
    status: z.enum(['active', 'closed']),
    shows: fields.shows,
    minimumMsat: fields.msat.nullable().meta({
      description:
        'Tips below it are booked, and kept out of the feed, webhooks and the live page; null for none.',
    }),
    limits: z.strictObject({ leastMsat: fields.msat, mostMsat: fields.msat }).nullable().meta({
      description: 'What an invoice of one’s own can be asked for; null for the service’s own bounds.',
    }),
    options: z.array(optionSchema).meta({ description: 'The first is the one with an open amount.' }),
    createdAt: fields.time,
  })
  .openapi('Creator');

export const creatorsSchema = z
  .strictObject({
    creators: z.array(creatorSchema),
    next: z
      .string()
      .nullable()
      .meta({ description: 'To pass as `after` for the next ones; null at the end.' }),
  })
  .openapi('Creators');

export const invoicesSchema = z
  .strictObject({
    invoices: z
      .array(
        z.strictObject({
          optionId: fields.optionId,
          paymentRequest: z.string().nullable().meta({ description: 'Null until the node has made it.' }),
          paymentAddr: z.string().nullable(),
          createdAt: fields.time.nullable(),
          expiresAt: fields.time.nullable(),
        }),
      )
      .meta({ description: 'One for each tip option, in their order.' }),
  })
  .openapi('Invoices');

const sums = { count: fields.count, amountMsat: fields.msat };
export const totalsSchema = z
  .strictObject({ ...sums, options: z.array(z.strictObject({ id: fields.optionId, ...sums })) })
  .openapi('Totals');

export const tipSchema = z.strictObject(tip.shape).openapi('Tip');

export const tipsSchema = z
  .strictObject({
    tips: z.array(tipSchema).meta({ description: 'All of them, newest first.' }),
    next: fields.count
      .nullable()
      .meta({ description: 'To pass as `before` for older ones; null at the end.' }),
  })
  .openapi('Tips');

export const eventSchema = z.strictObject({ ...tipEvent.shape, data: tipSchema }).openapi('TipEvent');

export const eventsSchema = z
  .strictObject({
    events: z.array(eventSchema).meta({ description: 'In the order of their sequence numbers.' }),
    next: z.string().meta({ description: 'To pass as `after` for what comes next.' }),
    more: z.boolean().meta({ description: 'Whether there is more already.' }),
  })
  .openapi('Events');

export const apiKeySchema = z
  .strictObject({
    id: fields.keyId,
    handle: fields.handle.nullable().meta({ description: 'Whose key it is; null for the operator’s.' }),
    scope: fields.scope,
    name: z.string(),
    createdAt: fields.time,
    createdBy: fields.keyId
      .nullable()
      .meta({ description: 'The key that it was made with; null if with none.' }),
    lastUsedAt: fields.time.nullable().meta({ description: 'When it was used last, exact to the hour.' }),
    revokedAt: fields.time.nullable(),
  })
  .openapi('ApiKey');

export const apiKeysSchema = z
  .strictObject({
    keys: z.array(apiKeySchema).meta({ description: 'By id, those that were revoked within 30 days, too.' }),
    next: fields.keyId
      .nullable()
      .meta({ description: 'To pass as `after` for the next ones; null at the end.' }),
  })
  .openapi('ApiKeys');

export const newApiKeySchema = z
  .strictObject({
    key: apiKeySchema,
    token: z
      .string()
      .regex(/^ampjar_[0-9A-Za-z]{36}$/)
      .meta({
        description: 'The key itself, which is shown this once.',
        examples: ['ampjar_0123456789abcdefghijklmnopqrst3Wl5Ca'],
      }),
  })
  .openapi('NewApiKey');

const secret = z
  .string()
  .regex(/^whsec_[0-9A-Za-z+/]{43}=$/)
  .meta({ description: 'What deliveries are signed with, for the receiver to verify.' });

export const webhookSchema = z
  .strictObject({
    id: fields.endpointId,
    handle: fields.handle,
    url: z.string().meta({ description: 'Where events are posted to.' }),
    description: z.string().nullable(),
    events: z.array(z.enum(WEBHOOK_EVENTS)),
    status: z.enum(['enabled', 'disabled', 'off']).meta({
      description: 'Disabled by the creator, or switched off by the service, for the reason in `offReason`.',
    }),
    offReason: z.string().nullable(),
    offAt: fields.time.nullable(),
    failingSince: fields.time
      .nullable()
      .meta({ description: 'When it failed first since it last succeeded.' }),
    secrets: z.array(z.strictObject({ validUntil: fields.time.nullable() })).meta({
      description: 'Secrets that sign, the newest first; what they are is shown once, when they are made.',
    }),
    createdAt: fields.time,
  })
  .openapi('Webhook');

export const webhooksSchema = z.strictObject({ webhooks: z.array(webhookSchema) }).openapi('Webhooks');

export const newSecretSchema = z
  .strictObject({ webhook: webhookSchema, secret })
  .openapi('WebhookWithSecret');

export const deliverySchema = z
  .strictObject({
    id: z.string(),
    eventId: z.string(),
    type: z.enum(['tip.settled', 'endpoint.disabled', 'endpoint.test']),
    state: z.enum(['pending', 'done', 'failed', 'dropped', 'noted']),
    reason: z.string().nullable().meta({ description: 'Why it failed or was dropped.' }),
    createdAt: fields.time,
    due: fields.time.nullable().meta({ description: 'When it is tried next.' }),
    tries: z.int().nonnegative(),
    attempts: z
      .array(
        z.strictObject({
          at: fields.time,
          durationMs: z.int().nonnegative(),
          status: z.int().nullable().meta({ description: 'The status of the answer; null when none came.' }),
          error: z.string().nullable(),
        }),
      )
      .meta({ description: 'The last tries, oldest first.' }),
  })
  .openapi('Delivery');

export const deliveriesSchema = z
  .strictObject({
    deliveries: z.array(deliverySchema).meta({ description: 'The newest event first.' }),
    next: z.string().nullable().meta({ description: 'To pass as `before` for older ones; null at the end.' }),
  })
  .openapi('Deliveries');

export const queuedSchema = z
  .strictObject({
    queued: z.int().nonnegative().meta({ description: 'How many deliveries are on their way.' }),
    deliveryId: z.string().nullable().meta({ description: 'The entry in the log, of a test event.' }),
    next: fields.count
      .nullable()
      .meta({ description: 'To pass as `after`, when the span goes on; else null.' }),
  })
  .openapi('Queued');

export type WebhookBody = z.infer<typeof webhookSchema>;
export type DeliveryBody = z.infer<typeof deliverySchema>;
export type CreatorBody = z.infer<typeof creatorSchema>;
export type OptionBody = z.infer<typeof optionSchema>;
export type ApiKeyBody = z.infer<typeof apiKeySchema>;
export type InvoicesBody = z.infer<typeof invoicesSchema>;
export type TotalsBody = z.infer<typeof totalsSchema>;
