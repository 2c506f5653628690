# Golden values for test/stats/golden.test.ts, by R's own functions, and by counting all divisions or resamples where R has none:
#
#   Rscript test/stats/golden/make.R > test/stats/golden/golden.json
#
# Debian packages r-base-core, r-bioc-multtest. The tests read golden.json and need no R.
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

# Joint tests: figures by row, sides by column. `mt.maxT` is multtest's step-down by all divisions (Ge, Dudoit and Speed 2003)
# on Welch's t, which has no margin; what it does not have (margins, the sum, the smaller of both) is counted over combn().
figures <- list(
  list(a = rbind(c(10, 12, 9, 11, 10.5), c(1, 1.2, 0.9, 1.1, 1.3), c(100, 90, 130, 95, 105)), b = rbind(c(15, 14, 18, 16, 15.5), c(1.1, 1.3, 1, 1.25, 0.95), c(110, 125, 99, 140, 118))),
  list(a = rbind(c(0.2, 0.5, 0.1, 0.4), c(3, 1, 2, 5)), b = rbind(c(0.3, 0.7, 0.9, 0.6, 0.8), c(2, 6, 4, 3, 7))),
  list(a = rbind(c(5, 6, 7, 8, 6.5, 5.5), c(20, 21, 19, 22, 20.5, 18)), b = rbind(c(4.1, 3, 2.2, 3.5, 3.1, 2.8), c(20.2, 19.4, 21.3, 22.7, 18.6, 20.9)))
)
nested <- function(m) paste0("[", paste(apply(m, 1, array), collapse = ", "), "]")
maxt_rows <- unlist(lapply(figures, function(x) lapply(c(one = "upper", two = "abs"), function(side) {
  label <- rep(0:1, c(ncol(x$a), ncol(x$b)))
  sink(nullfile()); r <- multtest::mt.maxT(cbind(x$a, x$b), label, test = "t", side = side, B = 0); sink()
  r <- r[order(r$index), ]
  object(a = nested(x$a), b = nested(x$b), sidedness = paste0("\"", ifelse(side == "upper", "one", "two"), "\""), p = array(r$rawp), pAdjusted = array(r$adjp))
})), recursive = FALSE)

# The definition in scores.ts, by a division's columns of either side.
score <- function(a, b, relative, absolute) {
  error <- function(v) if (length(v) > 1) var(v) / length(v) else 0
  scale <- sqrt(mean((c(a, b) - mean(c(a, b)))^2)); if (scale == 0) return(0)
  allowed <- max(absolute, relative * abs(mean(a)))
  max(0, (mean(b) - mean(a) - allowed) / (sqrt(error(a) + error(b)) + 1e-9 * scale + allowed / 2))
}
joint <- function(divide, n, x, two) {
  scores <- sapply(seq_len(n), function(g) { d <- divide(g); sapply(seq_len(nrow(x$a)), function(k) { s <- score(d$a[k, ], d$b[k, ], x$relative, x$absolute); if (two) max(s, score(d$b[k, ], d$a[k, ], x$relative, x$absolute)) else s }) })
  up <- sapply(seq_len(n), function(g) { d <- divide(g); sum(sapply(seq_len(nrow(x$a)), function(k) score(d$a[k, ], d$b[k, ], x$relative, x$absolute))) })
  down <- sapply(seq_len(n), function(g) { d <- divide(g); sum(sapply(seq_len(nrow(x$a)), function(k) score(d$b[k, ], d$a[k, ], x$relative, x$absolute))) })
  scores <- matrix(scores, nrow = nrow(x$a)); largest <- apply(scores, 2, max); total <- if (two) pmax(up, down) else up
  as_large <- function(s) sapply(s, function(v) mean(s >= v - 1e-9 * max(1, abs(v))))
  p_largest <- as_large(largest); p_sum <- as_large(total); smaller <- pmin(p_largest, p_sum)
  ordered <- order(-scores[, 1]); adjusted <- numeric(nrow(scores))
  for (i in seq_along(ordered)) { rest <- apply(scores[ordered[i:length(ordered)], , drop = FALSE], 2, max); adjusted[ordered[i]] <- mean(rest >= scores[ordered[i], 1] - 1e-9 * max(1, scores[ordered[i], 1])) }
  adjusted[ordered] <- cummax(adjusted[ordered])
  object(a = nested(x$a), b = nested(x$b), relative = number(x$relative), absolute = number(x$absolute), kind = paste0("\"", x$kind, "\""), sidedness = ifelse(two, "\"two\"", "\"one\""),
    p = number(mean(smaller < smaller[1] - 1e-12 | (abs(smaller - smaller[1]) <= 1e-12 & p_largest <= p_largest[1] + 1e-12))), pLargest = number(p_largest[1]), pSum = number(p_sum[1]), score = array(scores[, 1]), pAdjusted = array(adjusted))
}
apart <- function(x, two) {
  all <- cbind(x$a, x$b); chosen <- combn(ncol(all), ncol(x$b)); chosen <- chosen[, rev(seq_len(ncol(chosen)))] # the observed one is the last
  joint(function(g) list(a = all[, -chosen[, g], drop = FALSE], b = all[, chosen[, g], drop = FALSE]), ncol(chosen), x, two)
}
# In turns the standard error is that of the differences inside rounds.
in_turns <- function(x, two) {
  n <- ncol(x$a); flips <- as.matrix(expand.grid(rep(list(c(FALSE, TRUE)), n)))
  score <<- function(a, b, relative, absolute) {
    scale <- sqrt(mean((c(a, b) - mean(c(a, b)))^2)); if (scale == 0) return(0)
    allowed <- max(absolute, relative * abs(mean(a)))
    max(0, (mean(b - a) - allowed) / (sd(b - a) / sqrt(n) + 1e-9 * scale + allowed / 2))
  }
  joint(function(g) { f <- flips[g, ]; a <- x$a; b <- x$b; a[, f] <- x$b[, f]; b[, f] <- x$a[, f]; list(a = a, b = b) }, nrow(flips), x, two)
}
joint_cases <- c(
  lapply(1:3, function(i) c(figures[[i]], list(relative = c(0.1, 0, 0.3)[i], absolute = c(0.5, 0.1, 0)[i], kind = "apart"))),
  list(list(a = rbind(c(0, 0, 0, 0.02), c(0, 0, 0, 0), c(1, 2, 1, 1)), b = rbind(c(0.6, 0.63, 0.58, 0.7), c(0, 0, 1, 0), c(1, 1, 2, 1)), relative = 0.1, absolute = 0.001, kind = "apart"))
)
turns_cases <- list(
  list(a = figures[[1]]$a, b = figures[[1]]$b, relative = 0.1, absolute = 0.5, kind = "in turns"),
  list(a = figures[[3]]$a, b = figures[[3]]$b, relative = 0, absolute = 0.2, kind = "in turns")
)
joint_rows <- c(unlist(lapply(joint_cases, function(x) lapply(c(FALSE, TRUE), function(two) apart(x, two))), recursive = FALSE), unlist(lapply(turns_cases, function(x) lapply(c(FALSE, TRUE), function(two) in_turns(x, two))), recursive = FALSE))

# One-sided bounds at 95 %.
bound_rows <- lapply(distinct, function(x) object(a = array(x$a), b = array(x$b), high = number(wilcox.test(x$b, x$a, exact = TRUE, conf.int = TRUE, conf.level = 0.9)$conf.int[2])))

# Pairs: wilcox.test needs distinct differences for an exact interval.
paired_rows <- lapply(list(distinct[[1]], list(a = c(10, 20, 30, 40, 50, 60.5), b = c(13, 24.2, 33.1, 43.7, 51, 66)), list(a = sin(1:15) + 2, b = sin(1:15) + 2.3 + cos(1:15 * 7) / 3)), function(x) {
  ends <- function(level) wilcox.test(x$b, x$a, paired = TRUE, exact = TRUE, conf.int = TRUE, conf.level = level)
  w <- suppressWarnings(ends(0.95)); bound <- suppressWarnings(ends(0.9))
  n <- length(x$a); enough <- function(tail) psignrank(0, n) <= tail
  # R widens its level where there are too few pairs; there is no interval then.
  object(a = array(x$a), b = array(x$b), estimate = number(w$estimate), low = number(ifelse(enough(0.025), w$conf.int[1], NA)), high = number(ifelse(enough(0.025), w$conf.int[2], NA)), bound = number(ifelse(enough(0.05), bound$conf.int[2], NA)))
})

cat("{\n  \"source\": \"", R.version.string, "\",\n", sep = "")
sections <- list(rankTest = rank_rows, wilcoxon = wilcox_rows, clopperPearson = clopper_rows, holm = holm_rows, normal = normal_rows, normalQuantile = normal_quantile_rows, student = student_rows, quantileRanks = quantile_rows, bootstrap = bootstrap_rows, power = power_rows, maxT = maxt_rows, joint = joint_rows, shiftBound = bound_rows, pairs = paired_rows)
cat(paste(sprintf("  \"%s\": %s", names(sections), sapply(sections, rows)), collapse = ",\n"), "\n}\n", sep = "")
