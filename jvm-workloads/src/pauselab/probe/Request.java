package pauselab.probe;

import pauselab.load.RequestService;
import pauselab.plan.Line;

/**
 * `request`: a request of the service (its keys are those of {@link RequestService}), by open-loop arrivals. Users of
 * the service feel the response time, which counts from the intended arrival. It allocates, reads old objects and
 * replaces some. So it sees collections, faults in heap that had been given back, and everything that makes a thread
 * wait. The service has one thread, so a request behind a stalled request waits for it.
 */
final class Request implements Probe {

    private final RequestService service;

    private Request(RequestService service) {
        this.service = service;
    }

    static Request read(Line line) {
        return new Request(RequestService.read(line));
    }

    @Override
    public void prepare() {
        service.open();
    }

    @Override
    public int perform() {
        service.handle();
        return 0;
    }

    @Override
    public int trials() {
        return 2_000;
    }
}
