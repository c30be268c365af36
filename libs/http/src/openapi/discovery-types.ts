import { boolean, f, list, object, req, string } from '#model';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const VERSION_OF_SCHEMA = "Group and version of this object's schema.";
const KIND = 'Which kind of object this is.';
const atomic = { listType: 'atomic' } as const;

const groupVersionForDiscovery = object(`${META}.GroupVersionForDiscovery`, 'A version of a group.', {
  groupVersion: req(string, 1, 'Group and version as objects name them in apiVersion.'),
  version: req(string, 2, 'The version alone.'),
});
const serverAddressByClientCidr = object(
  `${META}.ServerAddressByClientCIDR`,
  'The address of the server for clients of one network.',
  {
    clientCIDR: req(string, 1, 'Network of the clients.'),
    serverAddress: req(string, 2, 'Host and port that these clients reach the server at.'),
  },
);

export const apiGroup = object(
  `${META}.APIGroup`,
  'A group with its versions.',
  {
    apiVersion: f(string, 0, VERSION_OF_SCHEMA),
    kind: f(string, 0, KIND),
    name: req(string, 1, 'Name of the group.'),
    versions: req(list(groupVersionForDiscovery), 2, 'The versions that are served, the best one first.', atomic),
    preferredVersion: f(groupVersionForDiscovery, 3, 'The version to use when any will do.', { always: {} }),
    serverAddressByClientCIDRs: f(list(serverAddressByClientCidr), 4, 'Addresses of the server.', atomic),
  },
  { gvk: ['v1 APIGroup'] },
);
export const apiGroupList = object(
  `${META}.APIGroupList`,
  'All groups.',
  {
    apiVersion: f(string, 0, VERSION_OF_SCHEMA),
    kind: f(string, 0, KIND),
    groups: req(list(apiGroup), 1, 'The groups, in the order of their priorities.', atomic),
  },
  { gvk: ['v1 APIGroupList'] },
);
export const apiVersions = object(
  `${META}.APIVersions`,
  'The versions of the core group.',
  {
    apiVersion: f(string, 0, VERSION_OF_SCHEMA),
    kind: f(string, 0, KIND),
    versions: req(list(string), 1, 'The versions that are served.', atomic),
    serverAddressByClientCIDRs: req(list(serverAddressByClientCidr), 2, 'Addresses of the server.', atomic),
  },
  { gvk: ['v1 APIVersions'] },
);

const apiResource = object(`${META}.APIResource`, 'A resource or a subresource.', {
  name: req(string, 1, 'Plural name, as in paths.'),
  namespaced: req(boolean, 2, 'Whether its objects are in namespaces.'),
  kind: req(string, 3, 'Kind of its objects.'),
  verbs: req(list(string), 4, 'What can be done with it.'),
  shortNames: f(list(string), 5, 'Short names for people.', atomic),
  singularName: req(string, 6, 'Singular name.'),
  categories: f(list(string), 7, 'Names for many resources together, such as all.', atomic),
  group: f(string, 8, 'Group of its objects, where it is another one.'),
  version: f(string, 9, 'Version of its objects, where it is another one.'),
  storageVersionHash: f(string, 10, 'Changes with the version that objects are stored in.'),
});
export const apiResourceList = object(
  `${META}.APIResourceList`,
  'The resources of a group version.',
  {
    apiVersion: f(string, 0, VERSION_OF_SCHEMA),
    kind: f(string, 0, KIND),
    groupVersion: req(string, 1, 'The group version.'),
    resources: req(list(apiResource), 2, 'Its resources and their subresources.', atomic),
  },
  { gvk: ['v1 APIResourceList'] },
);

export const versionInfo = object('io.k8s.apimachinery.pkg.version.Info', 'The version of a server.', {
  major: req(string, 0, 'Major version.'),
  minor: req(string, 0, 'Minor version.'),
  gitVersion: req(string, 0, 'The whole version.'),
  gitCommit: req(string, 0, 'Commit that the server was built from.'),
  gitTreeState: req(string, 0, 'Whether there were changes beside the commit.'),
  buildDate: req(string, 0, 'When the server was built.'),
  goVersion: req(string, 0, 'Version of the compiler.'),
  compiler: req(string, 0, 'Name of the compiler.'),
  platform: req(string, 0, 'Platform that the server was built for.'),
});
