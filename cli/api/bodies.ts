import { z } from 'zod';

/**
 * What of the API's answers the command line reads. More may come in them, and is passed on by `--json`. Held against the
 * API's own document by a test.
 */
const digits = z.string().regex(/^(0|[1-9][0-9]*)$/);
const text = z.string();
const time = text;

export const problem = z.looseObject({
  type: text,
  detail: text,
  field: text.optional(),
  expected: text.optional(),
});
export type ProblemBody = z.infer<typeof problem>;

export const option = z.looseObject({ id: text, label: text, amountMsat: digits.nullable() });
export type OptionBody = z.infer<typeof option>;

export const creator = z.looseObject({
  handle: text,
  name: text,
  status: text,
  shows: text,
  minimumMsat: digits.nullable(),
  limits: z.looseObject({ leastMsat: digits, mostMsat: digits }).nullable(),
  options: z.array(option),
  createdAt: time,
});
export type CreatorBody = z.infer<typeof creator>;

export const creators = z.looseObject({ creators: z.array(creator), next: text.nullable() });

export const invoices = z.looseObject({
  invoices: z.array(
    z.looseObject({ optionId: text, paymentRequest: text.nullable(), expiresAt: time.nullable() }),
  ),
});
export type InvoicesBody = z.infer<typeof invoices>;

const sums = { count: digits, amountMsat: digits };
export const totals = z.looseObject({ ...sums, options: z.array(z.looseObject({ id: text, ...sums })) });
export type TotalsBody = z.infer<typeof totals>;

export const tip = z.looseObject({
  handle: text,
  sequence: digits,
  setId: text,
  via: text,
  optionId: text,
  paymentAddr: text,
  amountMsat: digits,
  settledAt: time,
  shards: z.number(),
  message: text.optional(),
  sender: text.optional(),
  belowMinimum: z.boolean().optional(),
});
export type TipBody = z.infer<typeof tip>;

export const tips = z.looseObject({ tips: z.array(tip), next: digits.nullable() });

export const event = z.looseObject({ id: text, type: text, data: tip });
export type EventBody = z.infer<typeof event>;
export const events = z.looseObject({ events: z.array(event), next: text, more: z.boolean() });

export const webhook = z.looseObject({
  id: text,
  url: text,
  description: text.nullable(),
  events: z.array(text),
  status: text,
  offReason: text.nullable(),
  failingSince: time.nullable(),
  secrets: z.array(z.looseObject({ validUntil: time.nullable() })),
  createdAt: time,
});
export type WebhookBody = z.infer<typeof webhook>;

export const webhooks = z.looseObject({ webhooks: z.array(webhook) });
export const webhookWithSecret = z.looseObject({ webhook, secret: text });

export const delivery = z.looseObject({
  id: text,
  eventId: text,
  type: text,
  state: text,
  reason: text.nullable(),
  createdAt: time,
  due: time.nullable(),
  tries: z.number(),
  attempts: z.array(
    z.looseObject({
      at: time,
      durationMs: z.number(),
      status: z.number().nullable(),
      error: text.nullable(),
    }),
  ),
});
export type DeliveryBody = z.infer<typeof delivery>;

export const deliveries = z.looseObject({ deliveries: z.array(delivery), next: text.nullable() });
export const queued = z.looseObject({
  queued: z.number(),
  deliveryId: text.nullable(),
  next: digits.nullable(),
});

export const apiKey = z.looseObject({
  id: text,
  handle: text.nullable(),
  scope: text,
  name: text,
  createdAt: time,
  lastUsedAt: time.nullable(),
  revokedAt: time.nullable(),
});
export type ApiKeyBody = z.infer<typeof apiKey>;

export const apiKeys = z.looseObject({ keys: z.array(apiKey), next: text.nullable() });
export const newApiKey = z.looseObject({ key: apiKey, token: text });

export const nothing = z.undefined();
