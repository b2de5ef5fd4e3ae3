import { openOptionId } from '../../../shared/ledger/index.ts';
import type { Stage } from './stage.ts';

/** Ask each operation of the API for its good answer, with the operator's key and Alice's. */
export async function tour({ ask, keys, tips, time, webhooks, coffee }: Stage): Promise<void> {
  const { token } = keys.operator;
  const good = async (method: string, path: string, more: object = {}) => {
    const told = await ask(method, path, { token, ...more });
    if (told.status >= 300) throw new Error(`${method} ${path}: ${told.status} ${JSON.stringify(told.body)}`);
    return told.body;
  };
  const creators = '/v1/manage/creators';
  await good('POST', creators, { body: { handle: 'touring', name: 'Touring' } });
  await good('GET', creators);
  await good('GET', `${creators}/touring`);
  await good('PATCH', `${creators}/touring`, { body: { shows: 'amounts' } });
  await good('DELETE', `${creators}/touring`);
  await good('POST', `${creators}/touring/reopen`);

  const alice = `${creators}/alice`;
  await good('GET', `${alice}/invoices`);
  await good('GET', `${alice}/totals`);
  const option = await good('POST', `${alice}/options`, { body: { label: 'Tea', amountMsat: '7000' } });
  await good('PATCH', `${alice}/options/${option.id}`, { body: { label: 'Chai' } });
  await good('DELETE', `${alice}/options/${option.id}`);
  time.now = coffee.createdAt.getTime() + 120_000;
  await good('POST', `${alice}/options/${openOptionId('alice')}/rotate`);

  const { setId } = tips[0]!;
  await good('GET', `${alice}/tips`);
  await good('GET', `${alice}/tips/${setId}`);
  await good('DELETE', `${alice}/tips/${setId}/text`);
  await good('GET', '/v1/events', { token: keys.alice.token });

  const { webhook } = await good('POST', `${alice}/webhooks`, { body: { url: 'https://tour.example/' } });
  await good('GET', `${alice}/webhooks`);
  await good('GET', `${alice}/webhooks/${webhooks.alice.id}`);
  await good('PATCH', `${alice}/webhooks/${webhook.id}`, { body: { description: 'Tour' } });
  await good('POST', `${alice}/webhooks/${webhook.id}/rotate-secret`);
  await good('POST', `${alice}/webhooks/${webhook.id}/test`);
  await good('POST', `${alice}/webhooks/${webhook.id}/replay`, { body: { after: '0', until: '3' } });
  await good('POST', `${alice}/webhooks/${webhook.id}/replay`, { body: { after: '0', until: '3' } });
  await good('GET', `${alice}/webhooks/${webhook.id}/deliveries`);
  await good('DELETE', `${alice}/webhooks/${webhook.id}`);

  await good('GET', '/v1/manage/key');
  for (const path of [`${alice}/keys`, '/v1/manage/keys']) {
    const { key } = await good('POST', path, { body: { name: 'Tour', scope: 'read' } });
    await good('GET', path);
    await good('DELETE', `${path}/${key.id}`);
  }
}
