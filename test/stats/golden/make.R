# Golden values for test/stats/golden.test.ts, by R's own functions, and by counting all divisions or resamples where R has none:
#
#   Rscript test/stats/golden/make.R > test/stats/golden/golden.json
#
# Debian packages r-base-core. The tests read golden.json and need no R.
options(digits = 17)
number <- function(x) ifelse(is.na(x), "null", ifelse(is.infinite(x), "null", sprintf("%.17g", x)))
array <- function(x) paste0("[", paste(number(x), collapse = ", "), "]")
object <- function(...) { parts <- list(...); paste0("{", paste(sprintf("\"%s\": %s", names(parts), unlist(parts)), collapse = ", "), "}") }
rows <- function(x) paste0("[\n    ", paste(unlist(x), collapse = ",\n    "), "\n  ]")

distinct <- list(
  list(a = c(1.1, 2.3, 2.9, 4.2), b = c(2.0, 3.7, 5.5, 6.1)),
  list(a = c(94, 197, 16, 38, 99, 141, 23), b = c(52, 104, 146, 10, 51, 30, 40, 27, 46)),
  list(a = c(0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46), b = c(1.15, 0.88, 0.9, 0.74, 1.21)),
  list(a = exp(sin(1:20)) * 100, b = exp(sin(1:20 + 0.5)) * 130 + 1e-3),
  list(a = 1:12 * 1e6 + 7, b = (1:12)^2 * 3e5)
)
tied <- list(
  list(a = c(0, 0, 0, 0), b = c(0, 0, 3, 5)),
  list(a = c(0, 0, 1, 0, 2, 0, 0, 1), b = c(3, 2, 4, 2, 3, 5, 1, 0)),
  list(a = c(7, 7), b = c(7, 7)),
  list(a = c(1, 2, 2, 3, 3, 3), b = c(2, 3, 3, 4)),
  list(a = c(5), b = c(1, 2, 5, 9))
)

# Every division: the share whose |difference of mean midranks| is at least the one observed, and the largest one's share.
divisions <- function(a, b) {
  ranks <- rank(c(a, b)); n <- length(a); all <- combn(length(ranks), n)
  of <- function(chosen) abs(mean(ranks[-chosen]) - mean(ranks[chosen]))
  d <- apply(all, 2, of); seen <- of(seq_len(n))
  c(p = mean(d >= seen - 1e-9), resolution = mean(d >= max(d) - 1e-9))
}
rank_rows <- lapply(c(distinct[1:3], tied), function(x) {
  d <- divisions(x$a, x$b)
  object(a = array(x$a), b = array(x$b), difference = number(mean(rank(c(x$a, x$b))[-seq_along(x$a)]) - mean(rank(c(x$a, x$b))[seq_along(x$a)])), p = number(d[["p"]]), resolution = number(d[["resolution"]]))
})
wilcox_rows <- lapply(distinct, function(x) {
  w <- wilcox.test(x$b, x$a, exact = TRUE, conf.int = TRUE)
  object(a = array(x$a), b = array(x$b), p = number(w$p.value), estimate = number(w$estimate), low = number(w$conf.int[1]), high = number(w$conf.int[2]))
})
clopper_rows <- lapply(list(c(0, 1), c(0, 6), c(0, 10), c(3, 10), c(10, 10), c(17, 1000), c(1, 2)), function(x) {
  i <- binom.test(x[1], x[2])$conf.int
  object(hits = number(x[1]), n = number(x[2]), low = number(i[1]), high = number(i[2]))
})
holm_rows <- lapply(list(c(0.01, 0.04, 0.03, 0.005), c(0.5), c(0.2, 0.2, 0.9, 1), c(1e-5, 0.05, 1e-5, 0.7, 0.011)), function(p) object(p = array(p), adjusted = array(p.adjust(p, "holm"))))
normal_rows <- lapply(c(-38, -8, -5.2, -4.9, -1.96, -0.3, 0, 0.7, 3, 6, 9), function(x) object(x = number(x), cdf = number(pnorm(x))))
normal_quantile_rows <- lapply(c(1e-12, 1e-4, 0.025, 0.2, 0.5, 0.9, 0.999), function(p) object(p = number(p), x = number(qnorm(p))))
student_rows <- lapply(list(c(0.025, 1), c(0.025, 3), c(0.025, 9.5), c(0.025, 18), c(0.001, 4), c(0.2, 200), c(0.5, 5)), function(x) object(tail = number(x[1]), df = number(x[2]), t = number(qt(x[1], x[2], lower.tail = FALSE))))
quantile_rows <- lapply(list(c(0.5, 6), c(0.5, 40), c(0.9, 36), c(0.99, 5000)), function(x) {
  upper <- qbinom(0.975, x[2], x[1]) + 1
  object(q = number(x[1]), n = number(x[2]), lower = number(qbinom(0.025, x[2], x[1])), upper = ifelse(upper > x[2], "null", number(upper)))
})

# All resamples of both groups, at Hesterberg's expanded level with the degrees of freedom of R's Welch test.
bootstrap_rows <- lapply(list(list(a = c(1, 2, 4, 9), b = c(3, 5, 5, 20)), list(a = c(0, 0, 0, 6), b = c(0, 4, 5, 11)), list(a = c(10, 11, 12, 10.5, 9), b = c(14, 15, 13, 15.5))), function(x) {
  means <- function(v) rowMeans(expand.grid(rep(list(v), length(v))))
  n <- min(length(x$a), length(x$b)); df <- t.test(x$a, x$b)$parameter
  tail <- pnorm(-qt(0.975, df) * sqrt(n / (n - 1)))
  d <- sort(as.vector(outer(means(x$b), means(x$a), "-")))
  at <- function(p) unname(quantile(d, p, type = 1))
  object(a = array(x$a), b = array(x$b), tail = number(tail), difference = number(mean(x$b) - mean(x$a)), ratio = number(mean(x$b) / mean(x$a)),
    low = number(at(tail)), high = number(at(1 - tail)), lowerBand = array(at(tail * c(0.6, 1.5))), upperBand = array(at(1 - tail * c(1.5, 0.6))))
})

# Power of wilcox.test at n runs a side drawn from the runs at hand.
set.seed(20251126)
power_rows <- lapply(list(list(a = distinct[[3]]$a, b = distinct[[3]]$a * 1.5, level = 0.05), list(a = tied[[2]]$a, b = tied[[2]]$b, level = 0.0025), list(a = c(0, 0, 0, 0, 1), b = c(0, 0, 0, 2, 5), level = 0.05)), function(x) {
  ns <- c(4:20, seq(22, 60, 2))
  power <- sapply(ns, function(n) mean(replicate(2000, suppressWarnings(wilcox.test(sample(x$a, n, TRUE), sample(x$b, n, TRUE), exact = FALSE)$p.value) <= x$level), na.rm = TRUE))
  object(a = array(x$a), b = array(x$b), level = number(x$level), n = array(ns), power = array(power))
})

cat("{\n  \"source\": \"", R.version.string, "\",\n", sep = "")
sections <- list(rankTest = rank_rows, wilcoxon = wilcox_rows, clopperPearson = clopper_rows, holm = holm_rows, normal = normal_rows, normalQuantile = normal_quantile_rows, student = student_rows, quantileRanks = quantile_rows, bootstrap = bootstrap_rows, power = power_rows)
cat(paste(sprintf("  \"%s\": %s", names(sections), sapply(sections, rows)), collapse = ",\n"), "\n}\n", sep = "")
