import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { prefix } from '../../../shared/ledger/keys.ts';

const keyOf = ({ Put, Update, Delete, ConditionCheck }: TransactWriteItem) =>
  Put?.Item ?? (Update ?? Delete ?? ConditionCheck)?.Key ?? {};

/** Whether an action is a write of totals that demands the version that was read, and raises it. */
const raisesRevision = ({ Update }: TransactWriteItem) =>
  Update !== undefined &&
  Update.Key?.sk?.S === 'all' &&
  /#rev = :rev\b/.test(Update.UpdateExpression ?? '') &&
  /(#rev = :revWas|attribute_not_exists\(#rev\)) AND .*#count = :countWas/.test(
    Update.ConditionExpression ?? '',
  );

/** The creators of whom a transaction writes sums without demanding and raising the version of their totals. */
export function withoutRevision(actions: readonly TransactWriteItem[]): string[] {
  const touched = actions.flatMap((action) => keyOf(action).pk?.S ?? []);
  const demanded = actions.filter(raisesRevision).map((action) => keyOf(action).pk?.S);
  return [...new Set(touched)].filter((pk) => pk.startsWith(prefix('totals')) && !demanded.includes(pk));
}
