import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { type IManagedPolicy, ManagedPolicy, Role } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { connectorAccess } from './access.ts';
import { ConnectorHost } from './connectorHost.ts';
import { RolesAnywhere } from './rolesAnywhere.ts';
import type { Settings } from './settings.ts';

/**
 * What connectors need: a policy, and where the settings say so, a role for hosts outside AWS and the software on an instance.
 * @returns the policy, for whatever identity a connector has otherwise
 */
export function connectors(
  scope: Construct,
  table: ITable,
  invoiceRequests: Queue,
  { connector: { rolesAnywhere, instance } = {} }: Settings,
): IManagedPolicy {
  const policy = new ManagedPolicy(scope, 'ConnectorPolicy', {
    description: 'What the Ampjar connector beside lnd may do with the ledger',
    statements: connectorAccess(table, invoiceRequests),
  });
  if (rolesAnywhere) new RolesAnywhere(scope, 'RolesAnywhere', policy, rolesAnywhere);
  if (instance)
    new ConnectorHost(scope, 'ConnectorHost', {
      ...instance,
      instanceId: instance.id,
      role: Role.fromRoleName(scope, 'InstanceRole', instance.roleName),
      policy,
      table,
      invoiceRequests,
    });
  return policy;
}
