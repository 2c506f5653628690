package pauselab.load;

import pauselab.plan.Line;

/**
 * `request_service`: the service of {@link RequestService} at a rate, untimed: allocation, reads of old objects and
 * some promotion in another thread than the probes'. The probe `request` times requests.
 *
 * <p>Keys: per_s=500, and those of the service.
 */
final class RequestLoad implements Load {

    private final Rate rate;
    private final RequestService service;

    private RequestLoad(Line line) {
        rate = new Rate(line.number("per_s", 1, 1_000_000, 500));
        service = RequestService.read(line);
    }

    static RequestLoad read(Line line) {
        return new RequestLoad(line);
    }

    @Override
    public void prepare() {
        service.open();
    }

    @Override
    public void run(Stage stage) {
        Ticks ticks = stage.every(rate.interval_ns());
        while (ticks.next()) {
            long due = rate.due();
            for (long i = 0; i < due; i++) {
                service.handle();
            }
            stage.count("requests", due);
        }
    }
}
