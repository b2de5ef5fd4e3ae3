import { Webhook as Signer } from 'standardwebhooks';

/**
 * The headers that prove a message, by the Standard Webhooks specification: one signature for each secret, a space
 * between, so that a receiver finds its own while secrets are replaced.
 * @param id the event's, the same for every try
 * @param at when this try is made, so that an old message can't be played again later
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const signed = (secrets: readonly string[], id: string, at: Date, body: string) => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
  'webhook-signature': secrets.map((secret) => new Signer(secret).sign(id, at, body)).join(' '),
});
