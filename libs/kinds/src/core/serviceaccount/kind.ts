import { standardKind } from '#model';
import { tokenRequest } from '../../common-types/token-request.schema.js';
import { serviceAccountColumns } from './columns.js';
import { serviceAccount, type ServiceAccount } from './schema.js';
import { decideToken } from './token.js';

/** Who pods are to the API. */
export const serviceAccountKind = standardKind<ServiceAccount>({
  names: {
    group: '',
    version: 'v1',
    kind: 'ServiceAccount',
    plural: 'serviceaccounts',
    shortNames: ['sa'],
    namespaced: true,
  },
  schema: serviceAccount,
  columns: serviceAccountColumns,
  subresources: [
    {
      name: 'token',
      kind: 'TokenRequest',
      group: 'authentication.k8s.io',
      version: 'v1',
      verbs: ['create'],
      schema: tokenRequest,
      isVirtual: true,
    },
  ],
  strategy: {
    revalidatesMetadata: true,
    answersDeletionWithObject: true,
    prepareCreate: cleanSecrets,
    prepareUpdate: cleanSecrets,
    warnings: warnOfMountableSecrets,
    subresources: { token: decideToken },
  },
});

/** Of a secret's reference only the name is kept. */
function cleanSecrets(object: ServiceAccount): ServiceAccount {
  if (object.secrets === undefined) return object;
  return { ...object, secrets: object.secrets.map(({ name }) => ({ ...(name !== undefined && { name }) })) };
}

const ENFORCE_MOUNTABLE = 'kubernetes.io/enforce-mountable-secrets';

/** Said once, when the annotation comes. */
function warnOfMountableSecrets(object: ServiceAccount, old: ServiceAccount | undefined): readonly string[] {
  const has = (account: ServiceAccount | undefined): boolean =>
    account?.metadata.annotations?.[ENFORCE_MOUNTABLE] !== undefined;
  if (!has(object) || has(old)) return [];
  const advice = 'prefer separate namespaces to isolate access to mounted secrets';
  return [`metadata.annotations[${ENFORCE_MOUNTABLE}]: deprecated in v1.32+; ${advice}`];
}
