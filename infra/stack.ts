import { Annotations, CfnOutput, Stack } from 'aws-cdk-lib';
import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { connectorAccess } from './access.ts';
import { WebhookDelivery } from './deliver.ts';
import { hintQueue } from './hints.ts';
import { LiveEvents } from './live.ts';
import { LnurlPay } from './lnurl.ts';
import { ManageApi } from './manage.ts';
import { PublicReads } from './public.ts';
import type { Settings } from './settings.ts';
import { SettledEvents } from './settled.ts';
import { ledgerTable } from './table.ts';

/** All of Ampjar that runs on AWS, for any account and region. The connector runs beside lnd with the policy made here. */
export class AmpjarStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id, { description: 'Ampjar: Lightning tips on static AMP invoices' });

    const table = ledgerTable(this, 'Ledger');
    const asks = hintQueue(this, 'Asks');
    const live = new LiveEvents(this, 'Live');
    const reads = new PublicReads(this, 'Public', table, settings, live.pageEnvironment);
    const { baseUrl } = settings;
    const lnurl = baseUrl ? new LnurlPay(this, 'Lnurl', table, asks, { ...settings, baseUrl }) : undefined;
    if (!lnurl)
      Annotations.of(this).addInfo('no baseUrl is set, so LNURL-pay and Lightning Addresses are left out');
    const webhooks = new WebhookDelivery(this, 'Webhooks', table);
    new SettledEvents(this, 'Settled', table, { deliveries: webhooks.hints, live });
    const manage = new ManageApi(this, 'Manage', table, { asks, deliveries: webhooks.hints });
    const connector = new ManagedPolicy(this, 'ConnectorPolicy', {
      description: 'What the Ampjar connector beside lnd may do with the ledger',
      statements: connectorAccess(table, asks),
    });

    new CfnOutput(this, 'TableName', { value: table.tableName });
    new CfnOutput(this, 'PublicUrl', { value: reads.url });
    new CfnOutput(this, 'LiveUrl', { value: live.url });
    new CfnOutput(this, 'LiveHost', { value: live.host });
    new CfnOutput(this, 'ManageUrl', { value: manage.url });
    new CfnOutput(this, 'AsksQueueUrl', { value: asks.queueUrl });
    if (lnurl) new CfnOutput(this, 'LnurlUrl', { value: lnurl.url });
    new CfnOutput(this, 'ConnectorPolicyArn', {
      value: connector.managedPolicyArn,
      exportName: `${this.stackName}-ConnectorPolicyArn`,
    });
  }
}
