import type { z } from 'zod';
import * as bodies from './bodies.ts';

interface Operation {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  /** The schema of a good answer's body. */
  readonly answer: z.ZodType;
}

const MANAGE = '/v1/manage';
const CREATOR = `${MANAGE}/creators/{handle}` as const;
const OPTION = `${CREATOR}/options/{optionId}` as const;
const TIP = `${CREATOR}/tips/{setId}` as const;
const WEBHOOK = `${CREATOR}/webhooks/{endpointId}` as const;

/** The operations of the API under the names that its OpenAPI document gives them. */
export const OPERATIONS = {
  createCreator: { method: 'POST', path: `${MANAGE}/creators`, answer: bodies.creator },
  listCreators: { method: 'GET', path: `${MANAGE}/creators`, answer: bodies.creators },
  getCreator: { method: 'GET', path: CREATOR, answer: bodies.creator },
  changeCreator: { method: 'PATCH', path: CREATOR, answer: bodies.creator },
  closeCreator: { method: 'DELETE', path: CREATOR, answer: bodies.creator },
  reopenCreator: { method: 'POST', path: `${CREATOR}/reopen`, answer: bodies.creator },
  listInvoices: { method: 'GET', path: `${CREATOR}/invoices`, answer: bodies.invoices },
  getTotals: { method: 'GET', path: `${CREATOR}/totals`, answer: bodies.totals },
  createOption: { method: 'POST', path: `${CREATOR}/options`, answer: bodies.option },
  changeOption: { method: 'PATCH', path: OPTION, answer: bodies.option },
  deleteOption: { method: 'DELETE', path: OPTION, answer: bodies.nothing },
  rotateOption: { method: 'POST', path: `${OPTION}/rotate`, answer: bodies.option },
  listTips: { method: 'GET', path: `${CREATOR}/tips`, answer: bodies.tips },
  getTip: { method: 'GET', path: TIP, answer: bodies.tip },
  eraseText: { method: 'DELETE', path: `${TIP}/text`, answer: bodies.tip },
  listEvents: { method: 'GET', path: '/v1/events', answer: bodies.events },
  createWebhook: { method: 'POST', path: `${CREATOR}/webhooks`, answer: bodies.webhookWithSecret },
  listWebhooks: { method: 'GET', path: `${CREATOR}/webhooks`, answer: bodies.webhooks },
  getWebhook: { method: 'GET', path: WEBHOOK, answer: bodies.webhook },
  changeWebhook: { method: 'PATCH', path: WEBHOOK, answer: bodies.webhook },
  deleteWebhook: { method: 'DELETE', path: WEBHOOK, answer: bodies.nothing },
  rotateSecret: { method: 'POST', path: `${WEBHOOK}/rotate-secret`, answer: bodies.webhookWithSecret },
  testWebhook: { method: 'POST', path: `${WEBHOOK}/test`, answer: bodies.queued },
  replayWebhook: { method: 'POST', path: `${WEBHOOK}/replay`, answer: bodies.queued },
  listDeliveries: { method: 'GET', path: `${WEBHOOK}/deliveries`, answer: bodies.deliveries },
  getOwnKey: { method: 'GET', path: `${MANAGE}/key`, answer: bodies.apiKey },
  createKey: { method: 'POST', path: `${CREATOR}/keys`, answer: bodies.newApiKey },
  listKeys: { method: 'GET', path: `${CREATOR}/keys`, answer: bodies.apiKeys },
  revokeKey: { method: 'DELETE', path: `${CREATOR}/keys/{keyId}`, answer: bodies.apiKey },
  createOperatorKey: { method: 'POST', path: `${MANAGE}/keys`, answer: bodies.newApiKey },
  listOperatorKeys: { method: 'GET', path: `${MANAGE}/keys`, answer: bodies.apiKeys },
  revokeOperatorKey: { method: 'DELETE', path: `${MANAGE}/keys/{keyId}`, answer: bodies.apiKey },
} as const satisfies Record<string, Operation>;

export type OperationName = keyof typeof OPERATIONS;

type Names<P extends string> = P extends `${string}{${infer N}}${infer Rest}` ? N | Names<Rest> : never;

/** What an operation is asked with. */
export type AskedOf<N extends OperationName> = {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: object;
  /** The version that is to be changed; `*`, whatever is there, unless told. */
  readonly ifMatch?: string | undefined;
} & ([Names<(typeof OPERATIONS)[N]['path']>] extends [never]
  ? { readonly params?: undefined }
  : { readonly params: Readonly<Record<Names<(typeof OPERATIONS)[N]['path']>, string>> });

/** What it answers. */
export type AnswerOf<N extends OperationName> = z.output<(typeof OPERATIONS)[N]['answer']>;
