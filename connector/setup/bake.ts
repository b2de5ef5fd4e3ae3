import { callsOf } from '../lnd/calls.ts';
import { callLnd } from '../lnd/client.ts';
import { checkMacaroon } from '../lnd/macaroon.ts';
import type { Service } from '../lnd/services.ts';

/**
 * Have lnd bake the macaroon that allows the connector's calls and no others, with a key of its own, so that it can be revoked
 * by itself: the key's id is the time, in seconds since 1970.
 * @throws LndError
 */
export async function bakeLeast(
  lightning: Service,
  { routeHints, now }: { routeHints: boolean; now: Date },
): Promise<Uint8Array> {
  const { macaroon } = await callLnd(lightning, 'bakeMacaroon', {
    permissions: callsOf(routeHints).map((action) => ({ entity: 'uri', action })),
    root_key_id: String(Math.floor(now.getTime() / 1000)),
  });
  const bytes = Buffer.from(macaroon, 'hex');
  checkMacaroon(bytes, { routeHints });
  return bytes;
}
