import { dynamoClient } from '../../shared/aws/dynamo.ts';
import type { Asked, Outcome, Parts } from '../../shared/command/command.ts';
import { mendable, UsageError } from '../../shared/command/failures.ts';
import {
  AllowanceError,
  ApiKeyError,
  CreatorChangedError,
  CreatorError,
  HandleError,
  type Ledger,
  NodeError,
} from '../../shared/ledger/index.ts';
import { clientConfig, isOnLoopback, type Place, readPlace, type TABLE } from '../../shared/place.ts';

/** What whoever asked can mend by asking otherwise. */
const MENDABLE = [AllowanceError, ApiKeyError, CreatorError, HandleError, NodeError];

/**
 * Do something on a table.
 * @throws UsageError, CreatorChangedError, and an error whose message says where the table was looked for and what happened
 */
export async function onTable(
  { values }: Asked<typeof TABLE>,
  { env }: Pick<Parts, 'env'>,
  work: (ledger: Ledger, place: Place) => Promise<Outcome>,
): Promise<Outcome> {
  const place = readPlace(values, env);
  const client = dynamoClient(clientConfig(place));
  try {
    return await mendable(MENDABLE, () => work({ client, table: place.table }, place));
  } catch (error) {
    if (error instanceof UsageError || error instanceof CreatorChangedError) throw error;
    throw new Error(failureLine(error, place), { cause: error });
  } finally {
    client.destroy();
  }
}

/** One line for a failure that is not the asker's: what happened to the table, and where it was looked for. */
export function failureLine(error: unknown, place: Place): string {
  const { table, region, endpoint } = place;
  const { name, code, message } = error as Error & { code?: string };
  const where = endpoint ?? region;
  if (name === 'ResourceNotFoundException') {
    const remedy = isOnLoopback(place)
      ? `ampjar table create --endpoint ${endpoint} --table ${table} makes it`
      : 'ampjar deploy makes one and prints its name; --endpoint names another place';
    return `table: there is no "${table}" at ${where}; ${remedy}`;
  }
  if (code !== undefined || name === 'TimeoutError')
    return `table: "${table}" at ${where} can't be reached (${code ?? 'timeout'})`;
  if (name === 'CredentialsProviderError')
    return `table: no AWS credentials were found for "${table}" at ${where}`;
  return `table: "${table}" at ${where}: ${name}: ${message.replaceAll('\n', ' ')}`;
}
