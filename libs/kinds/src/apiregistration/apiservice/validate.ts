import { dns1035Label, dns1123Subdomain, invalid, notSupported, required } from '#meta';
import type { Problem } from '#model';
import { goQuote } from '#std';
import type { ApiService, ApiServiceRef } from './schema.js';

const GROUP_PRIORITY_MAX = 20_000;
const VERSION_PRIORITY_MAX = 1000;
const PORT_MAX = 65_535;

/** Problems of an APIService in the order in which Kubernetes reports them. */
export function validateApiService({ metadata, spec }: ApiService): readonly Problem[] {
  const { group = '', version = '', groupPriorityMinimum: ofGroup, versionPriority: ofVersion } = spec;
  const name = `${version}.${group}`;
  const each = (field: string, value: string, wrong: readonly string[]): readonly Problem[] =>
    wrong.map((detail) => invalid(field, value, detail));
  const isBetween = (priority: number, max: number): boolean => priority > 0 && priority <= max;
  return [
    ...(metadata.name === name
      ? []
      : [invalid('metadata.name', metadata.name, `must be \`spec.version+"."+spec.group\`: ${goQuote(name)}`)]),
    ...(group === '' && version !== 'v1'
      ? [required('spec.group', 'only v1 may have an empty group and it better be legacy kube')]
      : []),
    ...(group === '' ? [] : each('spec.group', group, dns1123Subdomain(group))),
    ...each('spec.version', version, dns1035Label(version)),
    ...(isBetween(ofGroup, GROUP_PRIORITY_MAX)
      ? []
      : [invalid('spec.groupPriorityMinimum', ofGroup, `must be positive and less than ${GROUP_PRIORITY_MAX}`)]),
    ...(isBetween(ofVersion, VERSION_PRIORITY_MAX)
      ? []
      : [invalid('spec.versionPriority', ofVersion, `must be positive and less than ${VERSION_PRIORITY_MAX}`)]),
    ...(spec.service ? validateRemote(spec, spec.service) : validateLocal(spec)),
  ];
}

function validateLocal({ caBundle = '', insecureSkipTLSVerify }: ApiService['spec']): readonly Problem[] {
  // Padded base64: three bytes for four characters.
  const bytes = (caBundle.length / 4) * 3 - (caBundle.length - caBundle.replace(/=+$/, '').length);
  return [
    ...(bytes === 0 ? [] : [invalid('spec.caBundle', `${bytes} bytes`, 'local APIServices may not have a caBundle')]),
    ...(insecureSkipTLSVerify === true
      ? [invalid('spec.insecureSkipTLSVerify', true, 'local APIServices may not have insecureSkipTLSVerify')]
      : []),
  ];
}

function validateRemote(
  { caBundle = '', insecureSkipTLSVerify }: ApiService['spec'],
  { namespace = '', name = '', port = 0 }: ApiServiceRef,
): readonly Problem[] {
  const isPort = port >= 1 && port <= PORT_MAX;
  return [
    ...(namespace === '' ? [required('spec.service.namespace')] : []),
    ...(name === '' ? [required('spec.service.name')] : []),
    ...(isPort
      ? []
      : [invalid('spec.service.port', port, `port is not valid: must be between 1 and ${PORT_MAX}, inclusive`)]),
    ...(insecureSkipTLSVerify === true && caBundle !== ''
      ? [invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present')]
      : []),
  ];
}

const STATUSES = ['True', 'False', 'Unknown'];

export function validateApiServiceStatus({ status }: ApiService): readonly Problem[] {
  return (status?.conditions ?? []).flatMap((condition, index) =>
    STATUSES.includes(condition.status)
      ? []
      : [notSupported(`status.conditions[${index}].status`, condition.status, STATUSES)],
  );
}
