import { type ApiKey, isToken, type Ledger, noteUse, readKeyByToken } from '../../shared/ledger/index.ts';
import { Problem } from '../http/problem.ts';

/** Who asks: a key that holds, and the token that showed it. */
export interface Bearer {
  readonly token: string;
  readonly key: ApiKey;
}

const CHALLENGE = 'Bearer realm="ampjar"';

/** One answer for keys that are malformed, unknown and revoked, so that trying tells nothing. @see RFC 6750, 3 */
const noKey = (given: boolean) =>
  new Problem(
    'unauthorized',
    given
      ? 'Authorization: the key is not one that holds.'
      : 'Authorization: missing, expected Bearer and an API key, as in Bearer ampjar_...',
    { field: 'Authorization', expected: 'Bearer and an API key' },
    { 'www-authenticate': given ? `${CHALLENGE}, error="invalid_token"` : CHALLENGE },
  );

/**
 * The bearer of a request's `Authorization`.
 * @param report hears when it could not be noted that the key is in use, which stops nobody
 * @throws Problem unauthorized
 */
export async function readBearer(
  ledger: Ledger,
  authorization: string | undefined,
  now: Date,
  report: (error: unknown) => void,
): Promise<Bearer> {
  const token = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  if (token === undefined || !isToken(token)) throw noKey(authorization !== undefined);
  const key = await readKeyByToken(ledger, token);
  if (!key) throw noKey(true);
  await noteUse(ledger, token, key, now).catch(report);
  return { token, key };
}

/** A creator that this key may not know of, or that is not there: nothing tells which. */
export const unknownCreator = (handle: string) =>
  new Problem('unknown-creator', 'handle: there is no such creator within reach of this key.', {
    field: 'handle',
    value: handle,
    expected: 'the handle of a creator that the key is for',
  });

const forbidden = (expected: string) =>
  new Problem('forbidden', `Authorization: the key is not ${expected}.`, {
    field: 'Authorization',
    expected,
  });

/**
 * Whether a key goes so far as an operation asks.
 * @param handle the creator that the request is about, if about one
 * @throws Problem
 */
export function checkReach(
  { key }: Bearer,
  { who, scope }: { who: 'operator' | 'creator' | 'anyone'; scope: ApiKey['scope'] },
  handle: string | undefined,
): void {
  const isOperator = key.handle === undefined;
  if (handle !== undefined && !isOperator && key.handle !== handle) throw unknownCreator(handle);
  if (who === 'operator' && !isOperator) throw forbidden('the operator’s');
  if (scope === 'write' && key.scope !== 'write') throw forbidden('one of scope write');
}
