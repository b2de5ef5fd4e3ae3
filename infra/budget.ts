import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import type { Construct } from 'constructs';

/** A letter when the account has cost more in a month than it may, and when it is on its way there. */
export function monthlyBudget(scope: Construct, id: string, dollars: number, emails: string[]): CfnBudget {
  const subscribers = emails.map((address) => ({ subscriptionType: 'EMAIL', address }));
  return new CfnBudget(scope, id, {
    budget: { budgetType: 'COST', timeUnit: 'MONTHLY', budgetLimit: { amount: dollars, unit: 'USD' } },
    notificationsWithSubscribers: ['ACTUAL', 'FORECASTED'].map((notificationType) => ({
      notification: {
        notificationType,
        comparisonOperator: 'GREATER_THAN',
        threshold: 100,
        thresholdType: 'PERCENTAGE',
      },
      subscribers,
    })),
  });
}
