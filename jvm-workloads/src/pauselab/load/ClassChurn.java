package pauselab.load;

import java.util.SplittableRandom;
import pauselab.plan.Line;

/**
 * `class_churn`: classes made at run time, some per loader, used once and dropped, as script engines, proxies and hot
 * redeployment do. Loading commits metaspace (mmap, mprotect by the loading thread). A collection that unloads classes
 * frees it, and the JVM uncommits its chunks (madvise DONTNEED or mmap(PROT_NONE), by the collector's threads; how
 * eagerly: -XX:MetaspaceReclaimPolicy, in 17). The classes are never compiled.
 *
 * <p>Keys: per_s=200, per_loader=20, methods=20 for each class, gc_period_ns=500000000, seed=1.
 */
final class ClassChurn implements Load {

    private final Rate rate;
    private final int perLoader;
    private final int methods;
    private final PeriodicGc gc;
    private final SplittableRandom random;

    private ClassChurn(Line line) {
        rate = new Rate(line.number("per_s", 1, 100_000, 200));
        perLoader = (int) line.number("per_loader", 1, 10_000, 20);
        methods = (int) line.number("methods", 1, 10_000, 20);
        gc = PeriodicGc.read(line, 500_000_000);
        random = new SplittableRandom(Loads.seed(line));
    }

    static ClassChurn read(Line line) {
        return new ClassChurn(line);
    }

    @Override
    public void run(Stage stage) {
        Ticks ticks = stage.every(rate.interval_ns());
        MadeLoader loader = new MadeLoader();
        long made = 0;
        while (ticks.next()) {
            for (long due = rate.due(); due > 0; due--) {
                if (made % perLoader == 0) {
                    loader = new MadeLoader();
                    stage.count("loaders", 1);
                }
                loader.define("pauselab.made.C" + made);
                made++;
                stage.count("classes", 1);
            }
            gc.look(stage);
        }
    }

    private final class MadeLoader extends ClassLoader {

        MadeLoader() {
            super(ClassChurn.class.getClassLoader());
        }

        void define(String name) {
            byte[] bytes = ClassBytes.make(name.replace('.', '/'), methods, random);
            Class<?> made = defineClass(name, bytes, 0, bytes.length);
            try {
                made.getDeclaredConstructor(); // links it
            } catch (NoSuchMethodException itHasNone) {
                // It has static methods only.
            }
        }
    }
}
