import { dns1035Label } from '#meta';
import type { Problem } from '#model';
import { validateWebhookClient } from '../../validation/webhook-client.js';
import type { CustomResourceDefinition } from './schema.js';

const AT = 'spec.conversion';
const CLIENT = `${AT}.webhookClientConfig`;
const REVIEWS = `${AT}.conversionReviewVersions`;
const invalid = (field: string, value: unknown, detail: string): Problem => ({ type: 'Invalid', field, value, detail });

/** How objects get from one version to another. */
export function validateConversion({
  conversion,
  preserveUnknownFields,
}: Pick<CustomResourceDefinition['spec'], 'conversion' | 'preserveUnknownFields'>): readonly Problem[] {
  if (!conversion) return [];
  const isOpen = preserveUnknownFields === true && conversion.strategy !== 'None';
  const detail = 'must be None if spec.preserveUnknownFields is true';
  return [...(isOpen ? [invalid(`${AT}.strategy`, conversion.strategy, detail)] : []), ...validateStrategy(conversion)];
}

type Conversion = NonNullable<CustomResourceDefinition['spec']['conversion']>;

function validateStrategy({ strategy, webhook }: Conversion): readonly Problem[] {
  if (strategy === '') return [{ type: 'Required', field: `${AT}.strategy`, detail: '' }];
  if (strategy !== 'None' && strategy !== 'Webhook')
    return [
      {
        ...{ type: 'NotSupported', field: `${AT}.strategy`, value: strategy, supported: ['None', 'Webhook'] },
        detail: '',
      },
    ];
  if (strategy === 'None') {
    const not = 'should not be set when strategy is not set to Webhook';
    const forbidden = (field: string): Problem => ({ type: 'Forbidden', field, detail: not });
    return [
      ...(webhook?.clientConfig ? [forbidden(CLIENT)] : []),
      ...(webhook?.conversionReviewVersions?.length ? [forbidden(REVIEWS)] : []),
    ];
  }
  return [...validateClient(webhook?.clientConfig), ...validateReviews(webhook?.conversionReviewVersions ?? [])];
}

type Client = NonNullable<Conversion['webhook']>['clientConfig'];

function validateClient(client: Client): readonly Problem[] {
  if (!client) return [{ type: 'Required', field: CLIENT, detail: 'required when strategy is set to Webhook' }];
  return validateWebhookClient(CLIENT, client);
}

function validateReviews(versions: readonly string[]): readonly Problem[] {
  if (versions.length === 0) return [{ type: 'Required', field: REVIEWS, detail: '' }];
  const problems: Problem[] = [];
  const seen = new Set<string>();
  versions.forEach((version, index) => {
    const field = `${REVIEWS}[${index}]`;
    if (seen.has(version)) problems.push(invalid(field, version, 'duplicate version'));
    seen.add(version);
    for (const wrong of dns1035Label(version)) problems.push(invalid(field, version, wrong));
  });
  if (!seen.has('v1') && !seen.has('v1beta1'))
    problems.push(invalid(REVIEWS, versions, 'must include at least one of v1, v1beta1'));
  return problems;
}
