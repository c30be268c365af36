import type { KubeObject } from '#model';
import { ageColumn, column, nameColumn } from '../columns.js';

type Configuration = KubeObject & { readonly webhooks?: readonly unknown[] | null };

export const webhookColumns = [
  nameColumn,
  column<Configuration>('Webhooks', 'How many webhooks it has', ({ webhooks }) => webhooks?.length ?? 0, {
    type: 'integer',
  }),
  ageColumn,
];
