import { fields, table } from '../../shared/command/columns.ts';
import { UsageError } from '../../shared/command/failures.ts';
import { readCount } from '../../shared/command/numbers.ts';
import { WEBHOOK_EVENTS } from '../../shared/contract/choices.ts';
import { when } from './amounts.ts';
import { apiCommand, gather, handleOf, IF_MATCH, moreNote, OF_CREATOR, PAGE } from './api.ts';
import type { DeliveryBody, WebhookBody } from './bodies.ts';

const statusOf = ({ status, failingSince }: WebhookBody) =>
  `${status}${failingSince === null ? '' : ', failing'}`;

const textOf = (webhook: WebhookBody, secret?: string) =>
  fields([
    ['endpoint', webhook.id],
    ['url', webhook.url],
    ['description', webhook.description ?? undefined],
    ['events', webhook.events.join(', ')],
    ['status', webhook.status],
    ['off because', webhook.offReason ?? undefined],
    ['failing since', webhook.failingSince === null ? undefined : when(webhook.failingSince)],
    ['since', when(webhook.createdAt)],
    ...webhook.secrets.map(({ validUntil }): [string, string] => [
      'signed with',
      validUntil === null ? 'its secret' : `the secret of before, until ${when(validUntil)}`,
    ]),
    ['secret', secret],
  ]);

const told = ({ body, etag }: { body: WebhookBody; etag: string | undefined }) => ({
  body: { webhook: body, etag },
  text: textOf(body),
});

const SECRET_NOTE = 'the secret is shown this once: the receiver verifies signatures with it';
const withSecret = (body: { webhook: WebhookBody; secret: string }) => ({
  body,
  text: textOf(body.webhook, body.secret),
  note: SECRET_NOTE,
});

const answerOf = ({ attempts, reason }: DeliveryBody) => {
  const last = attempts.at(-1);
  if (!last) return reason ?? '';
  return `${last.status ?? last.error ?? 'no answer'} in ${last.durationMs} ms${reason === null ? '' : `; ${reason}`}`;
};

const description = { type: 'string', value: 'TEXT', about: 'what the endpoint is for' } as const;
const event = {
  type: 'string',
  value: 'EVENT',
  multiple: true,
  oneOf: WEBHOOK_EVENTS,
  about: 'what it is told of; more than one by repeating it',
} as const;

export const webhookCommands = [
  apiCommand({
    name: 'webhooks list',
    words: [],
    flags: OF_CREATOR,
    summary: 'webhook endpoints',
    examples: ['webhooks list --creator alice'],
    async run({ values }, { client, width }) {
      const api = await client();
      const params = { handle: await handleOf(api, values.creator) };
      const { body } = await api.ask('listWebhooks', { params });
      const columns = [
        { name: 'ENDPOINT' },
        { name: 'URL', cuts: true },
        { name: 'STATUS' },
        { name: 'EVENTS', cuts: true },
        { name: 'DESCRIPTION', cuts: true },
      ];
      const cells = body.webhooks.map((webhook) => [
        webhook.id,
        webhook.url,
        statusOf(webhook),
        webhook.events.join(', '),
        webhook.description ?? '',
      ]);
      return { body, text: table(columns, cells, width) };
    },
  }),
  apiCommand({
    name: 'webhooks show',
    words: ['ENDPOINT'],
    flags: OF_CREATOR,
    summary: 'one webhook endpoint',
    examples: ['webhooks show we_b0mQd3cRkzv0y1y0gQ8t7A --creator alice'],
    async run({ words, values }, { client }) {
      const api = await client();
      const params = { handle: await handleOf(api, values.creator), endpointId: words[0]! };
      return told(await api.ask('getWebhook', { params }));
    },
  }),
  apiCommand({
    name: 'webhooks add',
    words: ['URL'],
    flags: { ...OF_CREATOR, description, event },
    summary: 'a new endpoint that events are posted to; its secret is shown this once',
    examples: ['webhooks add https://example.com/ampjar --creator alice --description "Shop server"'],
    async run({ words, values: { creator, description, event } }, { client }) {
      const body = {
        url: words[0],
        ...(description !== undefined && { description }),
        ...(event && { events: event }),
      };
      const api = await client();
      const params = { handle: await handleOf(api, creator) };
      return withSecret((await api.ask('createWebhook', { params, body })).body);
    },
  }),
  apiCommand({
    name: 'webhooks edit',
    words: ['ENDPOINT'],
    flags: {
      ...OF_CREATOR,
      ...IF_MATCH,
      'to-url': { type: 'string', value: 'URL', about: 'where events are posted to from now on' },
      description,
      event,
      enable: { type: 'boolean', about: 'on again, also after the service switched it off' },
      disable: { type: 'boolean', about: 'leave it alone' },
    },
    summary: 'change an endpoint; what is left out stays',
    examples: [
      'webhooks edit we_b0mQd3cRkzv0y1y0gQ8t7A --to-url https://example.com/tips --creator alice',
      'webhooks edit we_b0mQd3cRkzv0y1y0gQ8t7A --disable --creator alice',
    ],
    async run({ words, values }, { client }) {
      const { description, event, enable, disable, 'to-url': url } = values;
      if (enable && disable) throw new UsageError('--enable and --disable exclude each other');
      const body = {
        ...(url !== undefined && { url }),
        ...(description !== undefined && { description }),
        ...(event && { events: event }),
        ...((enable || disable) && { status: enable ? 'enabled' : 'disabled' }),
      };
      if (Object.keys(body).length === 0)
        throw new UsageError('webhooks edit: nothing to change; see --help for what can be');
      const api = await client();
      const params = { handle: await handleOf(api, values.creator), endpointId: words[0]! };
      return told(await api.ask('changeWebhook', { params, body, ifMatch: values['if-match'] }));
    },
  }),
  apiCommand({
    name: 'webhooks remove',
    words: ['ENDPOINT'],
    flags: { ...OF_CREATOR, ...IF_MATCH },
    summary: 'delete an endpoint: it is sent nothing more',
    examples: ['webhooks remove we_b0mQd3cRkzv0y1y0gQ8t7A --creator alice'],
    async run({ words, values }, { client }) {
      const api = await client();
      const params = { handle: await handleOf(api, values.creator), endpointId: words[0]! };
      await api.ask('deleteWebhook', { params, ifMatch: values['if-match'] });
      return { body: { removed: words[0] }, text: `removed ${words[0]}` };
    },
  }),
  apiCommand({
    name: 'webhooks rotate-secret',
    words: ['ENDPOINT'],
    flags: OF_CREATOR,
    summary: 'a new secret, shown this once; for a day the old one signs beside it',
    examples: ['webhooks rotate-secret we_b0mQd3cRkzv0y1y0gQ8t7A --creator alice'],
    async run({ words, values }, { client }) {
      const api = await client();
      const params = { handle: await handleOf(api, values.creator), endpointId: words[0]! };
      return withSecret((await api.ask('rotateSecret', { params })).body);
    },
  }),
  apiCommand({
    name: 'webhooks test',
    words: ['ENDPOINT'],
    flags: OF_CREATOR,
    summary: 'send an endpoint a test event; deliveries tells how that went',
    examples: ['webhooks test we_b0mQd3cRkzv0y1y0gQ8t7A --creator alice'],
    async run({ words, values }, { client }) {
      const api = await client();
      const params = { handle: await handleOf(api, values.creator), endpointId: words[0]! };
      const { body } = await api.ask('testWebhook', { params });
      return { body, text: `a test event is on its way: delivery ${body.deliveryId}` };
    },
  }),
  apiCommand({
    name: 'webhooks replay',
    words: ['ENDPOINT'],
    flags: {
      ...OF_CREATOR,
      'event-id': { type: 'string', value: 'ID', about: 'the event of this id' },
      tip: { type: 'string', value: 'N', about: 'the event of this tip' },
      after: {
        type: 'string',
        value: 'N',
        about: 'the events of all tips after this one; 0 for all there are',
      },
      until: { type: 'string', value: 'N', about: 'with --after: up to this tip' },
    },
    summary: 'send events to an endpoint again, under the ids that they have',
    examples: [
      'webhooks replay we_b0mQd3cRkzv0y1y0gQ8t7A --tip 37 --creator alice',
      'webhooks replay we_b0mQd3cRkzv0y1y0gQ8t7A --after 30 --until 60 --creator alice',
    ],
    async run({ words, values }, { client }) {
      const { tip, after, until, 'event-id': eventId } = values;
      const ways = [tip, after, eventId].filter((way) => way !== undefined);
      if (ways.length !== 1)
        throw new UsageError('webhooks replay: which is missing, expected one of --event-id, --tip, --after');
      if (until !== undefined && after === undefined) throw new UsageError('--until: needs --after');
      const number = tip === undefined ? undefined : readCount('--tip', tip.replace(/^#/, ''), 1);
      const first =
        number === undefined
          ? { after, ...(until !== undefined && { until }) }
          : { after: String(number - 1), until: String(number) };
      const api = await client();
      const params = { handle: await handleOf(api, values.creator), endpointId: words[0]! };
      let queued = 0;
      let body: object | undefined = eventId === undefined ? first : { eventId };
      while (body) {
        const answer: { queued: number; next: string | null } = (
          await api.ask('replayWebhook', { params, body })
        ).body;
        queued += answer.queued;
        body = answer.next === null ? undefined : { ...first, after: answer.next };
      }
      return {
        body: { queued },
        text: `${queued} ${queued === 1 ? 'delivery is' : 'deliveries are'} on the way`,
      };
    },
  }),
  apiCommand({
    name: 'webhooks deliveries',
    words: ['ENDPOINT'],
    flags: {
      ...OF_CREATOR,
      ...PAGE,
      before: { type: 'string', value: 'DELIVERY', about: 'those before this one' },
    },
    summary: 'what was sent to an endpoint, and how that went, for thirty days',
    examples: ['webhooks deliveries we_b0mQd3cRkzv0y1y0gQ8t7A --limit 20 --creator alice'],
    async run({ words, values }, { client, width }) {
      const api = await client();
      const params = { handle: await handleOf(api, values.creator), endpointId: words[0]! };
      const { rows, next } = await gather(values.limit, values.before, async ({ from, limit }) => {
        const { body } = await api.ask('listDeliveries', { params, query: { before: from, limit } });
        return { rows: body.deliveries, next: body.next };
      });
      const columns = [
        { name: 'SINCE' },
        { name: 'STATE' },
        { name: 'TRIES', right: true },
        { name: 'LAST ANSWER', cuts: true },
        { name: 'NEXT TRY' },
        { name: 'EVENT' },
      ];
      const cells = rows.map((delivery) => [
        when(delivery.createdAt),
        delivery.state,
        String(delivery.tries),
        answerOf(delivery),
        delivery.due === null ? '' : when(delivery.due),
        delivery.eventId,
      ]);
      return {
        body: { deliveries: rows, next },
        text: table(columns, cells, width),
        note: moreNote('before', next),
      };
    },
  }),
];
