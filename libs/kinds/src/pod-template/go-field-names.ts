/**
 * How the parts of a pod are named and ordered inside Kubernetes. Its answers to a forbidden change quote that form, so
 * a server that answers alike has to know it. A word is a field: its inner name, `=` the name in JSON where lower case
 * is not enough, a mark for what stands there when nothing was given (`?` null, `#` 0, `!` false, `@` "0", `.` a part
 * with all of its own fields, none ""), and `:` the part that it is made of.
 */
export const GO_FIELD_NAMES: Readonly<Record<string, string>> = {
  HostPathVolumeSource: 'Path Type?',
  EmptyDirVolumeSource: 'Medium SizeLimit?',
  GCEPersistentDiskVolumeSource: 'PDName=pdName FSType=fsType Partition# ReadOnly!',
  AWSElasticBlockStoreVolumeSource: 'VolumeID FSType=fsType Partition# ReadOnly!',
  GitRepoVolumeSource: 'Repository Revision Directory',
  KeyToPath: 'Key Path Mode?',
  SecretVolumeSource: 'SecretName Items?:KeyToPath DefaultMode? Optional?',
  NFSVolumeSource: 'Server Path ReadOnly!',
  LocalObjectReference: 'Name',
  ISCSIVolumeSource:
    'TargetPortal IQN=iqn Lun# ISCSIInterface=iscsiInterface FSType=fsType ReadOnly! Portals? DiscoveryCHAPAuth=chapAuthDiscovery! SessionCHAPAuth=chapAuthSession! SecretRef?:LocalObjectReference InitiatorName?',
  GlusterfsVolumeSource: 'EndpointsName=endpoints Path ReadOnly!',
  PersistentVolumeClaimVolumeSource: 'ClaimName ReadOnly!',
  RBDVolumeSource:
    'CephMonitors=monitors? RBDImage=image FSType=fsType RBDPool=pool RadosUser=user Keyring SecretRef?:LocalObjectReference ReadOnly!',
  QuobyteVolumeSource: 'Registry Volume ReadOnly! User Group Tenant',
  FlexVolumeSource: 'Driver FSType=fsType SecretRef?:LocalObjectReference ReadOnly! Options?',
  CinderVolumeSource: 'VolumeID FSType=fsType ReadOnly! SecretRef?:LocalObjectReference',
  CephFSVolumeSource: 'Monitors? Path User SecretFile SecretRef?:LocalObjectReference ReadOnly!',
  FlockerVolumeSource: 'DatasetName DatasetUUID',
  ObjectFieldSelector: 'APIVersion=apiVersion FieldPath',
  ResourceFieldSelector: 'ContainerName Resource Divisor@',
  DownwardAPIVolumeFile: 'Path FieldRef?:ObjectFieldSelector ResourceFieldRef?:ResourceFieldSelector Mode?',
  DownwardAPIVolumeSource: 'Items?:DownwardAPIVolumeFile DefaultMode?',
  FCVolumeSource: 'TargetWWNs? Lun? FSType=fsType ReadOnly! WWIDs=wwids?',
  AzureFileVolumeSource: 'SecretName ShareName ReadOnly!',
  ConfigMapVolumeSource: 'Name Items?:KeyToPath DefaultMode? Optional?',
  VsphereVirtualDiskVolumeSource: 'VolumePath FSType=fsType StoragePolicyName StoragePolicyID',
  AzureDiskVolumeSource: 'DiskName DataDiskURI=diskURI CachingMode? FSType=fsType? ReadOnly? Kind?',
  PhotonPersistentDiskVolumeSource: 'PdID FSType=fsType',
  SecretProjection: 'Name Items?:KeyToPath Optional?',
  DownwardAPIProjection: 'Items?:DownwardAPIVolumeFile',
  ConfigMapProjection: 'Name Items?:KeyToPath Optional?',
  ServiceAccountTokenProjection: 'Audience ExpirationSeconds# Path',
  ClusterTrustBundleProjection: 'Name? SignerName? LabelSelector?:LabelSelector Optional? Path',
  PodCertificateProjection:
    'SignerName KeyType MaxExpirationSeconds? CredentialBundlePath KeyPath CertificateChainPath UserAnnotations?',
  VolumeProjection:
    'Secret?:SecretProjection DownwardAPI?:DownwardAPIProjection ConfigMap?:ConfigMapProjection ServiceAccountToken?:ServiceAccountTokenProjection ClusterTrustBundle?:ClusterTrustBundleProjection PodCertificate?:PodCertificateProjection',
  ProjectedVolumeSource: 'Sources?:VolumeProjection DefaultMode?',
  PortworxVolumeSource: 'VolumeID FSType=fsType ReadOnly!',
  ScaleIOVolumeSource:
    'Gateway System SecretRef?:LocalObjectReference SSLEnabled=sslEnabled! ProtectionDomain StoragePool StorageMode VolumeName FSType=fsType ReadOnly!',
  StorageOSVolumeSource: 'VolumeName VolumeNamespace FSType=fsType ReadOnly! SecretRef?:LocalObjectReference',
  CSIVolumeSource: 'Driver ReadOnly? FSType=fsType? VolumeAttributes? NodePublishSecretRef?:LocalObjectReference',
  VolumeResourceRequirements: 'Limits? Requests?',
  TypedLocalObjectReference: 'APIGroup=apiGroup? Kind Name',
  TypedObjectReference: 'APIGroup=apiGroup? Kind Name Namespace?',
  PersistentVolumeClaimSpec:
    'AccessModes? Selector?:LabelSelector Resources.:VolumeResourceRequirements VolumeName StorageClassName? VolumeMode? DataSource?:TypedLocalObjectReference DataSourceRef?:TypedObjectReference VolumeAttributesClassName?',
  PersistentVolumeClaimTemplate: '^ObjectMeta Spec.:PersistentVolumeClaimSpec',
  EphemeralVolumeSource: 'VolumeClaimTemplate?:PersistentVolumeClaimTemplate',
  ImageVolumeSource: 'Reference PullPolicy',
  Volume:
    'Name HostPath?:HostPathVolumeSource EmptyDir?:EmptyDirVolumeSource GCEPersistentDisk=gcePersistentDisk?:GCEPersistentDiskVolumeSource AWSElasticBlockStore=awsElasticBlockStore?:AWSElasticBlockStoreVolumeSource GitRepo?:GitRepoVolumeSource Secret?:SecretVolumeSource NFS=nfs?:NFSVolumeSource ISCSI=iscsi?:ISCSIVolumeSource Glusterfs?:GlusterfsVolumeSource PersistentVolumeClaim?:PersistentVolumeClaimVolumeSource RBD=rbd?:RBDVolumeSource Quobyte?:QuobyteVolumeSource FlexVolume?:FlexVolumeSource Cinder?:CinderVolumeSource CephFS=cephfs?:CephFSVolumeSource Flocker?:FlockerVolumeSource DownwardAPI?:DownwardAPIVolumeSource FC=fc?:FCVolumeSource AzureFile?:AzureFileVolumeSource ConfigMap?:ConfigMapVolumeSource VsphereVolume?:VsphereVirtualDiskVolumeSource AzureDisk?:AzureDiskVolumeSource PhotonPersistentDisk?:PhotonPersistentDiskVolumeSource Projected?:ProjectedVolumeSource PortworxVolume?:PortworxVolumeSource ScaleIO?:ScaleIOVolumeSource StorageOS=storageos?:StorageOSVolumeSource CSI=csi?:CSIVolumeSource Ephemeral?:EphemeralVolumeSource Image?:ImageVolumeSource',
  ContainerPort: 'Name HostPort# ContainerPort# Protocol HostIP',
  ConfigMapEnvSource: 'Name Optional?',
  SecretEnvSource: 'Name Optional?',
  EnvFromSource: 'Prefix ConfigMapRef?:ConfigMapEnvSource SecretRef?:SecretEnvSource',
  ConfigMapKeySelector: 'Name Key Optional?',
  SecretKeySelector: 'Name Key Optional?',
  FileKeySelector: 'VolumeName Path Key Optional?',
  EnvVarSource:
    'FieldRef?:ObjectFieldSelector ResourceFieldRef?:ResourceFieldSelector ConfigMapKeyRef?:ConfigMapKeySelector SecretKeyRef?:SecretKeySelector FileKeyRef?:FileKeySelector',
  EnvVar: 'Name Value ValueFrom?:EnvVarSource',
  ResourceClaim: 'Name Request',
  ResourceRequirements: 'Limits? Requests? Claims?:ResourceClaim',
  ContainerResizePolicy: 'ResourceName RestartPolicy',
  ContainerRestartRuleOnExitCodes: 'Operator Values?',
  ContainerRestartRule: 'Action ExitCodes?:ContainerRestartRuleOnExitCodes',
  VolumeMount: 'Name ReadOnly! RecursiveReadOnly? MountPath SubPath MountPropagation? SubPathExpr',
  VolumeDevice: 'Name DevicePath',
  ExecAction: 'Command?',
  HTTPHeader: 'Name Value',
  HTTPGetAction: 'Path Port# Host Scheme HTTPHeaders=httpHeaders?:HTTPHeader',
  TCPSocketAction: 'Port# Host',
  GRPCAction: 'Port# Service?',
  Probe:
    'Exec?:ExecAction HTTPGet=httpGet?:HTTPGetAction TCPSocket=tcpSocket?:TCPSocketAction GRPC=grpc?:GRPCAction InitialDelaySeconds# TimeoutSeconds# PeriodSeconds# SuccessThreshold# FailureThreshold# TerminationGracePeriodSeconds?',
  SleepAction: 'Seconds#',
  LifecycleHandler:
    'Exec?:ExecAction HTTPGet=httpGet?:HTTPGetAction TCPSocket=tcpSocket?:TCPSocketAction Sleep?:SleepAction',
  Lifecycle: 'PostStart?:LifecycleHandler PreStop?:LifecycleHandler StopSignal?',
  Capabilities: 'Add? Drop?',
  SELinuxOptions: 'User Role Type Level',
  WindowsSecurityContextOptions:
    'GMSACredentialSpecName=gmsaCredentialSpecName? GMSACredentialSpec=gmsaCredentialSpec? RunAsUserName? HostProcess?',
  SeccompProfile: 'Type LocalhostProfile?',
  AppArmorProfile: 'Type LocalhostProfile?',
  SecurityContext:
    'Capabilities?:Capabilities Privileged? SELinuxOptions=seLinuxOptions?:SELinuxOptions WindowsOptions?:WindowsSecurityContextOptions RunAsUser? RunAsGroup? RunAsNonRoot? ReadOnlyRootFilesystem? AllowPrivilegeEscalation? ProcMount? SeccompProfile?:SeccompProfile AppArmorProfile?:AppArmorProfile',
  Container:
    'Name Image Command? Args? WorkingDir Ports?:ContainerPort EnvFrom?:EnvFromSource Env?:EnvVar Resources.:ResourceRequirements ResizePolicy?:ContainerResizePolicy RestartPolicy? RestartPolicyRules?:ContainerRestartRule VolumeMounts?:VolumeMount VolumeDevices?:VolumeDevice LivenessProbe?:Probe ReadinessProbe?:Probe StartupProbe?:Probe Lifecycle?:Lifecycle TerminationMessagePath TerminationMessagePolicy ImagePullPolicy SecurityContext?:SecurityContext Stdin! StdinOnce! TTY=tty!',
  EphemeralContainer:
    'Name Image Command? Args? WorkingDir Ports?:ContainerPort EnvFrom?:EnvFromSource Env?:EnvVar Resources.:ResourceRequirements ResizePolicy?:ContainerResizePolicy RestartPolicy? RestartPolicyRules?:ContainerRestartRule VolumeMounts?:VolumeMount VolumeDevices?:VolumeDevice LivenessProbe?:Probe ReadinessProbe?:Probe StartupProbe?:Probe Lifecycle?:Lifecycle TerminationMessagePath TerminationMessagePolicy ImagePullPolicy SecurityContext?:SecurityContext Stdin! StdinOnce! TTY=tty! TargetContainerName',
  Sysctl: 'Name Value',
  PodSecurityContext:
    'HostNetwork! HostPID! HostIPC! ShareProcessNamespace? HostUsers? SELinuxOptions=seLinuxOptions?:SELinuxOptions WindowsOptions?:WindowsSecurityContextOptions RunAsUser? RunAsGroup? RunAsNonRoot? SupplementalGroups? SupplementalGroupsPolicy? FSGroup=fsGroup? FSGroupChangePolicy=fsGroupChangePolicy? Sysctls?:Sysctl SeccompProfile?:SeccompProfile AppArmorProfile?:AppArmorProfile SELinuxChangePolicy=seLinuxChangePolicy?',
  NodeSelectorRequirement: 'Key Operator Values?',
  NodeSelectorTerm: 'MatchExpressions?:NodeSelectorRequirement MatchFields?:NodeSelectorRequirement',
  NodeSelector: 'NodeSelectorTerms?:NodeSelectorTerm',
  PreferredSchedulingTerm: 'Weight# Preference.:NodeSelectorTerm',
  NodeAffinity:
    'RequiredDuringSchedulingIgnoredDuringExecution?:NodeSelector PreferredDuringSchedulingIgnoredDuringExecution?:PreferredSchedulingTerm',
  PodAffinityTerm:
    'LabelSelector?:LabelSelector Namespaces? TopologyKey NamespaceSelector?:LabelSelector MatchLabelKeys? MismatchLabelKeys?',
  WeightedPodAffinityTerm: 'Weight# PodAffinityTerm.:PodAffinityTerm',
  PodAffinity:
    'RequiredDuringSchedulingIgnoredDuringExecution?:PodAffinityTerm PreferredDuringSchedulingIgnoredDuringExecution?:WeightedPodAffinityTerm',
  PodAntiAffinity:
    'RequiredDuringSchedulingIgnoredDuringExecution?:PodAffinityTerm PreferredDuringSchedulingIgnoredDuringExecution?:WeightedPodAffinityTerm',
  Affinity: 'NodeAffinity?:NodeAffinity PodAffinity?:PodAffinity PodAntiAffinity?:PodAntiAffinity',
  Toleration: 'Key Operator Value Effect TolerationSeconds?',
  HostAlias: 'IP=ip Hostnames?',
  PodDNSConfigOption: 'Name Value?',
  PodDNSConfig: 'Nameservers? Searches? Options?:PodDNSConfigOption',
  PodReadinessGate: 'ConditionType',
  TopologySpreadConstraint:
    'MaxSkew# TopologyKey WhenUnsatisfiable LabelSelector?:LabelSelector MinDomains? NodeAffinityPolicy? NodeTaintsPolicy? MatchLabelKeys?',
  PodOS: 'Name',
  PodSchedulingGate: 'Name',
  PodResourceClaim: 'Name ResourceClaimName? ResourceClaimTemplateName?',
  WorkloadReference: 'Name PodGroup PodGroupReplicaKey',
  PodSpec:
    'Volumes?:Volume InitContainers?:Container Containers?:Container EphemeralContainers?:EphemeralContainer RestartPolicy TerminationGracePeriodSeconds? ActiveDeadlineSeconds? DNSPolicy=dnsPolicy NodeSelector? ServiceAccountName AutomountServiceAccountToken? NodeName SecurityContext?:PodSecurityContext ImagePullSecrets?:LocalObjectReference Hostname Subdomain SetHostnameAsFQDN? Affinity?:Affinity SchedulerName Tolerations?:Toleration HostAliases?:HostAlias PriorityClassName Priority? PreemptionPolicy? DNSConfig=dnsConfig?:PodDNSConfig ReadinessGates?:PodReadinessGate RuntimeClassName? Overhead? EnableServiceLinks? TopologySpreadConstraints?:TopologySpreadConstraint OS=os?:PodOS SchedulingGates?:PodSchedulingGate ResourceClaims?:PodResourceClaim Resources?:ResourceRequirements HostnameOverride? WorkloadRef?:WorkloadReference',
  PodFailurePolicy: 'Rules?:PodFailurePolicyRule',
  PodFailurePolicyRule:
    'Action OnExitCodes?:PodFailurePolicyOnExitCodesRequirement OnPodConditions?:PodFailurePolicyOnPodConditionsPattern',
  PodFailurePolicyOnExitCodesRequirement: 'ContainerName? Operator Values?',
  PodFailurePolicyOnPodConditionsPattern: 'Type Status',
  SuccessPolicy: 'Rules?:SuccessPolicyRule',
  SuccessPolicyRule: 'SucceededIndexes? SucceededCount?',
  UncountedTerminatedPods: 'Succeeded? Failed?',
};
