import type { Condition } from '#meta';
import {
  type KubeObject,
  boolean,
  byte,
  f,
  int32,
  int64,
  kindRef,
  list,
  object,
  req,
  string,
  time,
  objectMeta,
} from '#model';
import { jsonSchemaProps, type JsonSchema } from './json-schema.schema.js';

const P = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';
const ATOMIC = { listType: 'atomic' } as const;
const kept = { pointer: true } as const;

const serviceReference = object(`${P}.ServiceReference`, 'A service that answers.', {
  namespace: req(string, 1, 'Namespace of the service.'),
  name: req(string, 2, 'Name of the service.'),
  path: f(string, 3, 'Path of the request.', kept),
  port: f(int32, 4, 'Port of the service.', { ...kept, fill: 443 }),
});
const webhookClientConfig = object(`${P}.WebhookClientConfig`, 'How a webhook is reached.', {
  url: f(string, 3, 'Address of the webhook.', kept),
  service: f(serviceReference, 1, 'Service of the webhook.'),
  caBundle: f(byte, 2, 'Certificates that the webhook is checked with.'),
});
const webhookConversion = object(`${P}.WebhookConversion`, 'A webhook that converts objects.', {
  clientConfig: f(webhookClientConfig, 2, 'How it is reached.'),
  conversionReviewVersions: req(list(string), 3, 'Versions of ConversionReview that it understands.', ATOMIC),
});
const conversion = object(`${P}.CustomResourceConversion`, 'How objects get from one version to another.', {
  strategy: req(string, 1, 'None, or Webhook.'),
  webhook: f(webhookConversion, 2, 'The webhook.'),
});
const names = object(`${P}.CustomResourceDefinitionNames`, 'Names of a resource.', {
  plural: req(string, 1, 'Name in paths.'),
  singular: f(string, 2, 'Name of one object.'),
  shortNames: f(list(string), 3, 'Short names.', ATOMIC),
  kind: req(string, 4, 'Kind of an object.'),
  listKind: f(string, 5, 'Kind of a list.'),
  categories: f(list(string), 6, 'Groups of resources that it belongs to.', ATOMIC),
});
const column = object(`${P}.CustomResourceColumnDefinition`, 'A column of tables.', {
  name: req(string, 1, 'Head of the column.'),
  type: req(string, 2, 'Type of its values.'),
  format: f(string, 3, 'Form of its values.'),
  description: f(string, 4, 'What it shows.'),
  priority: f(int32, 5, 'Above 0: only in wide tables.'),
  jsonPath: req(string, 6, 'Path of its values.'),
});
const scale = object(`${P}.CustomResourceSubresourceScale`, 'Where the scale is kept.', {
  specReplicasPath: req(string, 1, 'Path of the wished number.'),
  statusReplicasPath: req(string, 2, 'Path of the present number.'),
  labelSelectorPath: f(string, 3, 'Path of the selector of the pods.', kept),
});
const statusSubresource = object(`${P}.CustomResourceSubresourceStatus`, 'A status with a path of its own.', {});
const subresources = object(`${P}.CustomResourceSubresources`, 'Subresources of a resource.', {
  status: f(statusSubresource, 1, 'Whether there is a status.'),
  scale: f(scale, 2, 'Whether there is a scale.'),
});
const selectableField = object(`${P}.SelectableField`, 'A field that can be selected by.', {
  jsonPath: req(string, 1, 'Path of the field.'),
});
const version = object(`${P}.CustomResourceDefinitionVersion`, 'A version of a resource.', {
  name: req(string, 1, 'Name of the version.'),
  served: req(boolean, 2, 'Whether it can be used.'),
  storage: req(boolean, 3, 'Whether objects are stored in it.'),
  deprecated: f(boolean, 7, 'Whether it should not be used any more.'),
  deprecationWarning: f(string, 8, 'What is told to those who use it.', kept),
  schema: f(
    object(`${P}.CustomResourceValidation`, 'Schema of the objects.', {
      openAPIV3Schema: f(jsonSchemaProps, 1, 'The schema.'),
    }),
    4,
    'Schema of the objects.',
  ),
  subresources: f(subresources, 5, 'Its subresources.'),
  additionalPrinterColumns: f(list(column), 6, 'Columns of tables.', ATOMIC),
  selectableFields: f(list(selectableField), 9, 'Fields that can be selected by.', ATOMIC),
});
const spec = object(`${P}.CustomResourceDefinitionSpec`, 'What is wanted of a resource.', {
  group: req(string, 1, 'API group.'),
  names: req(names, 3, 'Its names.'),
  scope: req(string, 4, 'Namespaced or Cluster.'),
  versions: req(list(version), 7, 'Its versions.', ATOMIC),
  conversion: f(conversion, 9, 'How objects get from one version to another.'),
  preserveUnknownFields: f(boolean, 10, 'Must be false.'),
});
const condition = object(`${P}.CustomResourceDefinitionCondition`, 'What is true of a definition.', {
  type: req(string, 1, 'What it is about.'),
  status: req(string, 2, 'True, False or Unknown.'),
  lastTransitionTime: f(time, 3, 'When the status changed.', { ...kept, always: null }),
  reason: f(string, 4, 'Why, in one word.'),
  message: f(string, 5, 'Why, in a sentence.'),
  observedGeneration: f(int64, 6, 'Generation that it is about.'),
});
const status = object(`${P}.CustomResourceDefinitionStatus`, 'What became of a definition.', {
  conditions: f(list(condition), 1, 'What is true of it.', {
    ...{ listType: 'map', mapKeys: ['type'], always: null },
  }),
  acceptedNames: f(names, 2, 'Names that it is served under.', { always: {} }),
  storedVersions: f(list(string), 3, 'Versions in which objects may be stored.', { ...ATOMIC, always: null }),
  observedGeneration: f(int64, 4, 'Generation that was seen last.'),
});

export const customResourceDefinition = object(
  `${P}.CustomResourceDefinition`,
  'Defines a resource of the API.',
  {
    apiVersion: f(string, 0, 'Version of this schema.'),
    kind: f(string, 0, 'Kind of this object.'),
    metadata: f(objectMeta, 1, 'Standard metadata.', { always: {} }),
    spec: req(spec, 2, 'What is wanted.'),
    status: f(status, 3, 'What became of it.', { always: {} }),
  },
  { gvk: ['apiextensions.k8s.io/v1 CustomResourceDefinition'] },
);

export interface DefinitionNames {
  readonly plural: string;
  readonly singular?: string;
  readonly shortNames?: readonly string[];
  readonly kind: string;
  readonly listKind?: string;
  readonly categories?: readonly string[];
}
export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly priority?: number;
  readonly jsonPath: string;
}
export interface DefinedVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly deprecated?: boolean;
  readonly deprecationWarning?: string;
  readonly schema?: { readonly openAPIV3Schema?: JsonSchema };
  readonly subresources?: {
    readonly status?: object;
    readonly scale?: {
      readonly specReplicasPath: string;
      readonly statusReplicasPath: string;
      readonly labelSelectorPath?: string;
    };
  };
  readonly additionalPrinterColumns?: readonly PrinterColumn[];
  readonly selectableFields?: readonly { readonly jsonPath: string }[];
}
export interface WebhookConversion {
  readonly clientConfig?: {
    readonly url?: string;
    readonly caBundle?: string;
    readonly service?: {
      readonly namespace: string;
      readonly name: string;
      readonly path?: string;
      readonly port?: number;
    };
  };
  readonly conversionReviewVersions?: readonly string[];
}
export interface CustomResourceDefinition extends KubeObject {
  readonly spec: {
    readonly group: string;
    readonly names: DefinitionNames;
    readonly scope: string;
    readonly versions: readonly DefinedVersion[];
    readonly conversion?: { readonly strategy: string; readonly webhook?: WebhookConversion };
    readonly preserveUnknownFields?: boolean;
  };
  readonly status?: {
    readonly conditions?: readonly Condition[] | null;
    readonly acceptedNames?: DefinitionNames;
    readonly storedVersions?: readonly string[] | null;
    readonly observedGeneration?: number;
  };
}

export const customResourceDefinitions = kindRef<CustomResourceDefinition>(
  'apiextensions.k8s.io.customresourcedefinitions',
);
