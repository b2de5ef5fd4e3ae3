import { CreateTableCommand, ResourceInUseException } from '@aws-sdk/client-dynamodb';
import type { Asked, Parts } from '../../shared/command/command.ts';
import { UsageError } from '../../shared/command/failures.ts';
import { tableDefinition } from '../../shared/ledger/index.ts';
import { isOnLoopback, type TABLE } from '../../shared/place.ts';
import { onTable } from './onTable.ts';

/** Make the table on this machine. On AWS it is the stack's, with what CreateTable alone leaves out. */
export const create = (asked: Asked<typeof TABLE>, parts: Parts) =>
  onTable(asked, parts, async ({ client, table }, place) => {
    if (!isOnLoopback(place))
      throw new UsageError(
        '--endpoint: a table is made on this machine alone; on AWS ampjar deploy makes it',
      );
    await client.send(new CreateTableCommand(tableDefinition(table))).catch((error: unknown) => {
      if (error instanceof ResourceInUseException)
        throw new UsageError(`--table: there is a table "${table}" already`);
      throw error;
    });
    return { body: { table }, text: `made the table ${table}` };
  });
