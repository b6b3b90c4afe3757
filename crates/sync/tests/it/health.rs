//! How objects of every built-in kind are, from objects as clusters write them.

use jiff::{SignedDuration, Timestamp};
use sync::health::{DEFAULT_DEADLINE, Health, State, health, past_deadline};
use sync::read_manifest;

/// Each case is a kind, what stands below the metadata, and how it is.
#[track_caller]
fn check(kind: &str, cases: &[(&str, &str)]) {
    let (kind, api_version) = kind.split_once('@').unwrap_or((kind, "v1"));
    for (rest, expected) in cases {
        let metadata = "metadata: {name: a, namespace: shop, generation: 3}";
        let text = format!("apiVersion: {api_version}\nkind: {kind}\n{metadata}\n{rest}");
        let object =
            read_manifest(text.as_bytes()).unwrap_or_else(|cause| panic!("{cause}: {text}"));
        assert_eq!(health(&object).to_string(), *expected, "{text}");
    }
}

#[test]
fn deployments() {
    let done = "spec: {replicas: 2}
status:
  observedGeneration: 3
  replicas: 2
  updatedReplicas: 2
  readyReplicas: 2
  availableReplicas: 2
  conditions:
  - {type: Available, status: \"True\", reason: MinimumReplicasAvailable}
  - {type: Progressing, status: \"True\", reason: NewReplicaSetAvailable}
";
    let with = |from: &str, to: &str| done.replacen(from, to, 1);
    check(
        "Deployment@apps/v1",
        &[
            (done, "Current Current: 2 replicas are ready"),
            (
                &with("observedGeneration: 3", "observedGeneration: 2"),
                "InProgress LatestGenerationNotObserved: generation 3 is not observed yet, the last was 2",
            ),
            (&with("  replicas: 2\n", "  replicas: 1\n"), "InProgress LessReplicas: 1 of 2 pods exist"),
            (&with("  replicas: 2\n", "  replicas: 3\n"), "InProgress ExtraPods: 1 pods still end"),
            (&with("updatedReplicas: 2", "updatedReplicas: 1"), "InProgress LessUpdated: 1 of 2 are updated"),
            (
                &with("availableReplicas: 2", "availableReplicas: 1"),
                "InProgress LessAvailable: 1 of 2 are available",
            ),
            (&with("readyReplicas: 2", "readyReplicas: 0"), "InProgress LessReady: 0 of 2 are ready"),
            (
                &with("NewReplicaSetAvailable", "ProgressDeadlineExceeded"),
                "Failed ProgressDeadlineExceeded: the condition gives no message",
            ),
            (
                &with("updatedReplicas: 2", "updatedReplicas: 0").replace("{replicas: 2}", "{replicas: 2, paused: true}"),
                "InProgress Paused: paused, 0 of 2 updated",
            ),
            (
                &with("Available, status: \"True\"", "Available, status: \"False\""),
                "InProgress MinimumReplicasAvailable: the condition gives no message",
            ),
            ("spec: {replicas: 0}", "InProgress NotObserved: no controller has looked at it yet"),
            (
                "spec: {replicas: 2}
status:
  observedGeneration: 3
  conditions:
  - {type: ReplicaFailure, status: \"True\", reason: FailedCreate, message: \"exceeded quota: small\"}
",
                "Failed FailedCreate: exceeded quota: small",
            ),
        ],
    );
}

#[test]
fn replica_sets() {
    check(
        "ReplicaSet@apps/v1",
        &[
            (
                "spec: {replicas: 1}\nstatus: {observedGeneration: 3, replicas: 1, readyReplicas: 1, availableReplicas: 1}",
                "Current Current: 1 replicas are ready",
            ),
            (
                "spec: {replicas: 2}\nstatus: {observedGeneration: 3, replicas: 2, readyReplicas: 1, availableReplicas: 1}",
                "InProgress LessAvailable: 1 of 2 are available",
            ),
            (
                "spec: {replicas: 1}\nstatus:\n  conditions: [{type: ReplicaFailure, status: \"True\", message: forbidden}]",
                "Failed ReplicaFailure: forbidden",
            ),
        ],
    );
}

#[test]
fn stateful_sets() {
    let done =
        "spec: {replicas: 3, updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 0}}}
status:
  observedGeneration: 3
  replicas: 3
  readyReplicas: 3
  updatedReplicas: 3
  currentRevision: db-1
  updateRevision: db-1
";
    let with = |from: &str, to: &str| done.replacen(from, to, 1);
    let partition = with("partition: 0", "partition: 2");
    check(
        "StatefulSet@apps/v1",
        &[
            (done, "Current Current: 3 replicas are ready"),
            (
                &with("readyReplicas: 3", "readyReplicas: 2"),
                "InProgress LessReady: 2 of 3 are ready",
            ),
            (
                &with("updateRevision: db-1", "updateRevision: db-2")
                    .replace("updatedReplicas: 3", "updatedReplicas: 1"),
                "InProgress RollingUpdate: 1 of 3 are updated",
            ),
            (
                &partition.replace("updatedReplicas: 3", "updatedReplicas: 0"),
                "InProgress PartitionRollout: 0 of 1 are updated",
            ),
            (
                &partition.replace("updatedReplicas: 3", "updatedReplicas: 1"),
                "Current Current: 1 pods above the partition are updated",
            ),
            (
                &with("type: RollingUpdate", "type: OnDelete")
                    .replace("readyReplicas: 3", "readyReplicas: 0"),
                "Current Current: pods are updated when someone deletes them",
            ),
        ],
    );
}

#[test]
fn daemon_sets() {
    let done = "spec: {updateStrategy: {type: RollingUpdate}}
status:
  observedGeneration: 3
  desiredNumberScheduled: 4
  currentNumberScheduled: 4
  updatedNumberScheduled: 4
  numberAvailable: 4
  numberReady: 4
";
    let with = |from: &str, to: &str| done.replacen(from, to, 1);
    check(
        "DaemonSet@apps/v1",
        &[
            (done, "Current Current: a pod is ready on each of 4 nodes"),
            ("spec: {}", "InProgress NoDesiredNumber: no controller has counted its nodes yet"),
            (
                &with("updatedNumberScheduled: 4", "updatedNumberScheduled: 1"),
                "InProgress LessUpdated: 1 of 4 pods are updated",
            ),
            (
                &with("numberReady: 4", "numberReady: 3"),
                "InProgress LessReady: 3 of 4 pods are ready",
            ),
        ],
    );
}

#[test]
fn jobs_and_cron_jobs() {
    check(
        "Job@batch/v1",
        &[
            (
                "status: {startTime: x, succeeded: 1, conditions: [{type: Complete, status: \"True\"}]}",
                "Current Current: it has ended well",
            ),
            (
                "status: {startTime: x, conditions: [{type: Failed, status: \"True\", reason: BackoffLimitExceeded, message: too often}]}",
                "Failed BackoffLimitExceeded: too often",
            ),
            (
                "status: {startTime: x, active: 1}",
                "InProgress JobInProgress: 1 active, 0 succeeded, 0 failed",
            ),
            ("spec: {suspend: true}", "Current Current: it is suspended"),
            ("spec: {}", "InProgress JobNotStarted: it has not started yet"),
        ],
    );
    check("CronJob@batch/v1", &[("status: {}", "Current Current: it runs on its schedule")]);
}

#[test]
fn pods() {
    check(
        "Pod",
        &[
            (
                "status: {phase: Running, conditions: [{type: Ready, status: \"True\"}]}",
                "Current Current: it is ready",
            ),
            (
                "status: {phase: Running, conditions: [{type: Ready, status: \"False\", reason: ContainersNotReady, message: \"unready: [web]\"}]}",
                "InProgress ContainersNotReady: unready: [web]",
            ),
            (
                "status:\n  phase: Running\n  containerStatuses:\n  - name: web\n    state: {waiting: {reason: CrashLoopBackOff, message: back-off 5m0s}}",
                "Failed CrashLoopBackOff: container web: back-off 5m0s",
            ),
            (
                "status:\n  phase: Pending\n  initContainerStatuses:\n  - name: init\n    state: {waiting: {reason: ImagePullBackOff}}",
                "Failed ImagePullBackOff: container init: it does not start",
            ),
            (
                "status:\n  phase: Pending\n  containerStatuses:\n  - name: web\n    state: {waiting: {reason: ContainerCreating}}",
                "InProgress PodNotReady: it is not ready yet",
            ),
            (
                "status: {phase: Pending, conditions: [{type: PodScheduled, status: \"False\", reason: Unschedulable, message: 0/3 nodes}]}",
                "InProgress Unschedulable: 0/3 nodes",
            ),
            ("status: {phase: Succeeded}", "Current Current: it has ended well"),
            (
                "status: {phase: Failed, reason: Evicted, message: low on memory}",
                "Failed Evicted: low on memory",
            ),
            ("spec: {}", "InProgress PodPending: the cluster has not accepted it yet"),
        ],
    );
}

#[test]
fn services_volumes_and_namespaces() {
    check(
        "Service",
        &[
            ("spec: {type: ClusterIP, clusterIP: 10.0.0.1}", "Current Current: it is there"),
            (
                "spec: {type: LoadBalancer}\nstatus: {loadBalancer: {}}",
                "InProgress NoLoadBalancer: it has no address of a load balancer yet",
            ),
            (
                "spec: {type: LoadBalancer}\nstatus: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}",
                "Current Current: it has an address of a load balancer",
            ),
        ],
    );
    check(
        "PersistentVolumeClaim",
        &[
            ("status: {phase: Bound}", "Current Current: it is bound"),
            ("status: {phase: Pending}", "InProgress NotBound: it is not bound to a volume yet"),
            ("status: {phase: Lost}", "Failed VolumeLost: its volume is gone"),
        ],
    );
    check(
        "PersistentVolume",
        &[
            ("status: {phase: Released}", "Current Current: it is released"),
            ("status: {phase: Failed, message: no plugin}", "Failed VolumeFailed: no plugin"),
            ("spec: {}", "InProgress VolumePending: it is not available yet"),
        ],
    );
    check(
        "Namespace",
        &[
            ("status: {phase: Active}", "Current Current: it is active"),
            ("status: {phase: Terminating}", "Terminating Terminating: it is being deleted"),
        ],
    );
    check(
        "Ingress@networking.k8s.io/v1",
        &[("status: {loadBalancer: {}}", "Current Current: it is there")],
    );
}

#[test]
fn policies_autoscalers_and_definitions() {
    check(
        "PodDisruptionBudget@policy/v1",
        &[
            (
                "status: {observedGeneration: 3, currentHealthy: 0}",
                "Current Current: it is observed",
            ),
            (
                "status: {observedGeneration: 1}",
                "InProgress LatestGenerationNotObserved: generation 3 is not observed yet, the last was 1",
            ),
        ],
    );
    check(
        "HorizontalPodAutoscaler@autoscaling/v2",
        &[
            (
                "status: {conditions: [{type: AbleToScale, status: \"True\"}, {type: ScalingActive, status: \"True\"}]}",
                "Current Current: it scales its target",
            ),
            (
                "status: {conditions: [{type: AbleToScale, status: \"False\", reason: FailedGetScale, message: no target}]}",
                "Failed FailedGetScale: no target",
            ),
            (
                "status: {conditions: [{type: AbleToScale, status: \"False\", reason: BackoffBoth}]}",
                "Current Current: it waits before it scales again",
            ),
            (
                "status: {conditions: [{type: ScalingActive, status: \"False\", reason: FailedGetResourceMetric, message: no metrics}]}",
                "InProgress FailedGetResourceMetric: no metrics",
            ),
            (
                "status: {conditions: [{type: ScalingActive, status: \"False\", reason: ScalingDisabled}]}",
                "Current Current: its target has no replicas",
            ),
            ("spec: {}", "InProgress NotObserved: no controller has looked at it yet"),
        ],
    );
    check(
        "CustomResourceDefinition@apiextensions.k8s.io/v1",
        &[
            (
                "status: {conditions: [{type: NamesAccepted, status: \"True\"}, {type: Established, status: \"True\"}]}",
                "Current Current: it is established",
            ),
            (
                "status: {conditions: [{type: NamesAccepted, status: \"False\", reason: PluralConflict, message: taken}]}",
                "Failed PluralConflict: taken",
            ),
            (
                "status: {conditions: [{type: Established, status: \"False\", reason: Installing}]}",
                "InProgress Installing: it is not established yet",
            ),
            ("spec: {}", "InProgress Installing: it is not established yet"),
        ],
    );
    check(
        "APIService@apiregistration.k8s.io/v1",
        &[
            (
                "status: {conditions: [{type: Available, status: \"True\"}]}",
                "Current Current: it answers",
            ),
            (
                "status: {conditions: [{type: Available, status: \"False\", reason: MissingEndpoints, message: none}]}",
                "InProgress MissingEndpoints: none",
            ),
        ],
    );
}

#[test]
fn other_kinds_by_their_conditions() {
    check(
        "Certificate@cert-manager.io/v1",
        &[
            ("spec: {}", "Current Current: it is there"),
            (
                "status: {conditions: [{type: Ready, status: \"False\", reason: Issuing, message: asks}]}",
                "InProgress Issuing: asks",
            ),
            (
                "status: {conditions: [{type: Ready, status: \"True\", message: up to date}]}",
                "Current Current: up to date",
            ),
            (
                "status: {conditions: [{type: Ready, status: \"True\"}, {type: Stalled, status: \"True\", reason: Broken}]}",
                "Failed Broken: the condition gives no message",
            ),
            (
                "status: {conditions: [{type: Reconciling, status: \"True\"}]}",
                "InProgress Reconciling: the condition gives no message",
            ),
            ("status: {conditions: [1, {type: 2}]}", "Current Current: it is there"),
        ],
    );
}

#[test]
fn what_is_being_deleted_is_terminating_whatever_else_it_says() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, deletionTimestamp: x}\nstatus: {phase: Failed}\n";
    let object = read_manifest(text.as_bytes()).expect("a manifest");
    assert_eq!(health(&object).state, State::Terminating);
}

#[test]
fn what_takes_longer_than_its_deadline_has_failed() {
    let text = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a}\n";
    let waiting = health(&read_manifest(text.as_bytes()).expect("a manifest"));
    let start = Timestamp::UNIX_EPOCH;
    let after = |seconds| {
        let now = start + SignedDuration::from_secs(seconds);
        past_deadline(waiting.clone(), start, now, DEFAULT_DEADLINE)
    };
    assert_eq!(after(600).state, State::InProgress);
    assert_eq!(after(-7_200).state, State::InProgress);
    assert_eq!(
        after(601).to_string(),
        "Failed ProgressDeadlineExceeded: not ready after 10m: NotBound: it is not bound to a volume yet"
    );
    let current =
        past_deadline(Health::current("x"), start, start + DEFAULT_DEADLINE * 2, DEFAULT_DEADLINE);
    assert_eq!(current.state, State::Current);
}
