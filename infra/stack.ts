import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AlarmTopic } from './alarms.ts';
import { monthlyBudget } from './budget.ts';
import { connectors } from './connectors.ts';
import { dashboard } from './dashboard.ts';
import { WebhookDelivery } from './deliver.ts';
import { pointAt } from './domain.ts';
import { originAccess } from './edge/originAccess.ts';
import { Edge, type EdgeDomain } from './edge.ts';
import { hintQueue } from './hints.ts';
import { LiveEvents } from './live.ts';
import { LnurlPay } from './lnurl.ts';
import { ManageApi } from './manage.ts';
import { nameByRegion } from './names.ts';
import { observe } from './observe.ts';
import { PublicReads } from './public.ts';
import type { Settings } from './settings.ts';
import { SettledEvents } from './settled.ts';
import { StaticFiles } from './staticFiles.ts';
import { ledgerTable } from './table.ts';
import { Watch } from './watch.ts';

/** What the stack is given beside the settings. */
export interface Surroundings extends StackProps {
  readonly domain: EdgeDomain | undefined;
  readonly firewallArn: string | undefined;
  /** Whether the stack is being made. */
  readonly isFirst: boolean;
}

/** All of Ampjar that runs on AWS, for any account and region. The connector runs beside lnd with the policy made here. */
export class AmpjarStack extends Stack {
  constructor(scope: Construct, id: string, settings: Settings, around: Surroundings) {
    super(scope, id, { ...around, description: 'Ampjar: Lightning tips on static AMP invoices' });

    const table = ledgerTable(this, 'Ledger', { ...settings, isFirst: around.isFirst });
    const invoiceRequests = hintQueue(this, 'Asks');
    const live = new LiveEvents(this, 'Live', settings);
    const access = originAccess(this, 'OriginAccess', settings);
    const reads = new PublicReads(this, 'Public', table, settings, live.pageEnvironment, access);
    const lnurl = new LnurlPay(this, 'Lnurl', table, invoiceRequests, settings, access);
    const webhooks = new WebhookDelivery(this, 'Webhooks', table, settings);
    new SettledEvents(this, 'Settled', table, { deliveries: webhooks.hints, live }, settings);
    const manage = new ManageApi(
      this,
      'Manage',
      table,
      { invoiceRequests, deliveries: webhooks.hints },
      settings,
    );
    const files = new StaticFiles(this, 'Static');
    const edge = new Edge(this, 'Edge', {
      reads: reads.url,
      lnurl: lnurl.url,
      access,
      files: files.behaviours,
      domain: around.domain,
      firewallArn: around.firewallArn,
    });
    const { domain, budgetDollars, alarmEmails } = settings;
    if (domain && 'hostedZoneId' in domain) pointAt(this, domain, edge.distribution);
    if (budgetDollars !== undefined) monthlyBudget(this, 'Budget', budgetDollars, alarmEmails);
    const connector = connectors(this, table, invoiceRequests, settings);
    const watch = new Watch(this, 'Watch', { table, edge: edge.url }, settings);
    const alarms = new AlarmTopic(this, 'Alarms', alarmEmails);
    observe(this, settings);
    nameByRegion(this);
    dashboard(this, 'Dashboard', { watch, table, distribution: edge.distribution });

    const outputs = {
      Region: this.region,
      TableName: table.tableName,
      PublicUrl: edge.url,
      ReadsFunctionUrl: reads.url.url,
      LnurlFunctionUrl: lnurl.url.url,
      StaticBucketName: files.bucket.bucketName,
      LiveUrl: live.url,
      LiveHost: live.host,
      ManageUrl: manage.url,
      AsksQueueUrl: invoiceRequests.queueUrl,
      AlarmTopicArn: alarms.topic.topicArn,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
    new CfnOutput(this, 'ConnectorPolicyArn', {
      value: connector.managedPolicyArn,
      exportName: `${this.stackName}-ConnectorPolicyArn`,
    });
  }
}
