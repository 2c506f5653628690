/**
 * What `pauselab gate` asks for without --policy; printed by --print-policy, and read by the same code as any other.
 */
export const defaultPolicyText = `# The policy of \`pauselab gate\` without --policy. To have your own: pauselab gate --print-policy > gate.yaml
# What the keys mean: docs/gate.md

# The largest probability that a gate whose sides do not differ finds a regression, all metrics together.
alpha: 5%

# Complete, undisturbed runs that each side must have. Fewer than 6 do not bound a median: nothing could ever be shown to be no worse.
minimumRuns: 6

# What it means where the runs leave open whether a metric is worse: exit-4, fail (exit 3) or pass.
# Missing, degraded or partial evidence never passes, whatever this says.
inconclusive: exit-4

# In what baseline and candidate may differ: kernel, machine, jdk. Nothing, so that a difference is the change's.
allowDifferent: []

# Which settings of the profile may differ, because they are the change under test: patterns such as arms.*.hogs.*
allowSettings: []

rules:
  # Every arm and every series that is no control (control.* tells the machine's noise, in the notes). Stalls first: a percentile of a stalled victim counts few samples and
  # says little. Such a victim cannot keep its schedule; what it was stalled for is known all the same.
  - name: stalls
    allowSaturated: true
    compare:
      - stalled_share
      - stalls_per_minute
      - longest_ns
  # Where n suffices (docs/statistics.md), percentiles can be added:
  # - name: percentiles
  #   arms: [free-one-vma]
  #   compare:
  #     - metric: service.p99_ns
  #       relative: 20%
  # And limits that hold in every run, whatever the baseline:
  # - name: never-longer
  #   series: [writer.*]
  #   limits: [longest_ns <= 50ms, stalls_per_minute == 0]
`;
