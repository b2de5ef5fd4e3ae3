import { createHash } from 'node:crypto';
import { dynamoError, ServiceError, validationError } from './errors.ts';
import type { Store } from './store.ts';
import { itemSize } from './value.ts';
import { type Action, apply, type Change, evaluate, type Kind, locate, prepare } from './write.ts';

// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
const TOKEN_LASTS_MS = 10 * 60 * 1000;
const LARGEST_TRANSACTION = 4 * 1024 * 1024;

const KINDS: Kind[] = ['Put', 'Update', 'Delete', 'ConditionCheck'];

export type TransactWriteItems = {
  TransactItems: Partial<Record<Kind, Action>>[];
  ClientRequestToken?: string;
};

/** JSON with the fields of objects in one order: two requests that ask for the same have the same text. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join()}}`;
}

const fingerprintOf = (request: TransactWriteItems) =>
  createHash('sha256').update(canonical(request.TransactItems)).digest('base64');

/**
 * All of the actions or none. A token that was used in the last ten minutes for the same actions is answered with
 * success and does nothing.
 *
 * @throws TransactionCanceledException with a reason for each action, in their order
 * @throws IdempotentParameterMismatchException for a token that was used for something else
 * @throws ValidationException for two actions on one item, or more than 4 MB
 */
export function transactWrite(store: Store, clock: () => number, request: TransactWriteItems) {
  const token = request.ClientRequestToken;
  const fingerprint = token === undefined ? '' : fingerprintOf(request);
  const prepared = request.TransactItems.map((item) => {
    const [kind, ...others] = KINDS.filter((candidate) => item[candidate] !== undefined);
    if (!kind || others.length > 0) {
      throw validationError('TransactItems can only contain one of Check, Put, Update or Delete');
    }
    return prepare(kind, item[kind]!);
  });
  return store.write(() => {
    const at = clock();
    if (token !== undefined) {
      const used = store.tokens.get(token);
      if (used && at - used.at < TOKEN_LASTS_MS) {
        if (used.fingerprint === fingerprint) return {};
        throw dynamoError(
          'IdempotentParameterMismatchException',
          'The request uses the same client token as a previous, but non-identical request. ' +
            'Do not reuse a client token with different requests, unless the requests are identical',
        );
      }
    }
    const located = prepared.map((one) => locate(store, one));
    if (new Set(located.map(({ key }) => key.toString('latin1'))).size < located.length) {
      throw validationError('Transaction request cannot include multiple operations on one item');
    }
    const outcomes = prepared.map((one, i) => outcomeOf(() => evaluate(one, located[i]!)));
    if (outcomes.some((outcome) => outcome instanceof ServiceError)) throw cancelled(outcomes);
    const changes = outcomes as Change[];
    const size = changes.reduce((sum, { before, after }) => sum + itemSize(after ?? before ?? {}), 0);
    if (size > LARGEST_TRANSACTION) {
      throw validationError(
        'Collection size is too large: the items of a transaction may have 4 MB together',
      );
    }
    for (const change of changes) apply(store, change, at);
    if (token !== undefined) store.tokens.put(token, { fingerprint, at });
    return {};
  });
}

function outcomeOf(evaluation: () => Change): Change | ServiceError {
  try {
    return evaluation();
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
}

function cancelled(outcomes: (Change | ServiceError)[]): ServiceError {
  const reasons = outcomes.map((outcome) => {
    if (!(outcome instanceof ServiceError)) return { Code: 'None' };
    const failedCondition = String(outcome.body.__type).endsWith('#ConditionalCheckFailedException');
    return {
      Code: failedCondition ? 'ConditionalCheckFailed' : 'ValidationError',
      Message: outcome.message,
      Item: outcome.body.Item,
    };
  });
  const message =
    'Transaction cancelled, please refer cancellation reasons for specific reasons ' +
    `[${reasons.map((reason) => reason.Code).join(', ')}]`;
  return dynamoError('TransactionCanceledException', message, {
    Message: message,
    CancellationReasons: reasons,
  });
}

/** Forgets tokens that are over. */
export function forgetTokens(store: Store, now: number): void {
  for (const { key, value } of [...store.tokens.getRange()]) {
    if (now - value.at >= TOKEN_LASTS_MS) store.tokens.remove(key);
  }
}
