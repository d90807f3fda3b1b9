/* A stand-in for NVIDIA's management library, for tests on machines without a GPU.
 *
 * Built as libnvidia-ml.so.1 and found through LD_LIBRARY_PATH, it answers the real `pynvml` as a driver
 * would. -DOLD_DRIVER leaves out the calls that drivers before 2022 do not have.
 *
 * NVML_STANDIN_CONTROL names a control file. It is read anew at every call, so a test may replace it while a
 * program runs. Without it there are eight healthy GPUs. One setting per line, later lines win:
 *
 *   gpus COUNT                        number of GPUs, at most 16 (8)
 *   init CODE                         nvmlInitWithFlags returns this nvmlReturn_t (0)
 *   session NUMBER                    another number than at nvmlInit: the driver was restarted, every call is
 *                                     NVML_ERROR_UNINITIALIZED until the next nvmlInit (0)
 *   gpu I lost                        every call returns NVML_ERROR_GPU_IS_LOST
 *   gpu I fails SENSOR CODE           one sensor returns this nvmlReturn_t: open uuid name utilisation memory
 *                                     memory_v2 temperature power power_limit sm_clock throttle fan processes
 *   gpu I without SENSOR              the same with NVML_ERROR_NOT_SUPPORTED
 *   gpu I mig COUNT                   MIG mode with so many instances (0: not in MIG mode)
 *   gpu I process PID BYTES           a computing process; BYTES may be -1 (not available)
 *   gpu I graphics PID BYTES          a drawing process
 *   gpu I instance J PID BYTES        a computing process of a MIG instance
 *   gpu I name TEXT                   to the end of the line, byte for byte
 *   gpu I SENSOR NUMBER               utilisation (%), memory_used and memory_total (bytes), temperature (C),
 *                                     power and power_limit (mW), sm_clock (MHz), throttle (bits, 0x..), fan (%)
 *
 * NVML_STANDIN_LOG names a file to which every call is added as one line: "function gpu", -1 for none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6,
    INSUFFICIENT_SIZE = 7, GPU_IS_LOST = 15, ARGUMENT_VERSION_MISMATCH = 25
};
enum { MAX_GPUS = 16, MAX_INSTANCES = 7, MAX_PROCESSES = 16, MAX_FAILURES = 16 };

typedef unsigned long long u64;
typedef struct { unsigned pid; u64 bytes; unsigned gpu_instance, compute_instance; } process_t;
typedef struct { process_t list[MAX_PROCESSES]; unsigned count; } processes_t;
typedef struct { char sensor[24]; int code; } failure_t;

/* A handle points to one of these: a GPU (instance -1) or one of its MIG instances. */
typedef struct { int gpu, instance; } device_t;

typedef struct {
    char name[96];
    unsigned utilisation, temperature, power, power_limit, sm_clock, fan, instances;
    u64 memory_used, memory_total, throttle;
    int lost;
    processes_t compute, graphics, of_instance[MAX_INSTANCES];
    failure_t failures[MAX_FAILURES];
    unsigned failure_count;
} gpu_t;

static gpu_t gpus[MAX_GPUS];
static device_t devices[MAX_GPUS][MAX_INSTANCES + 1];
static unsigned gpu_count;
static int init_code, session, started_session = -1;

static void set_defaults(void) {
    const u64 gib = 1ULL << 30;
    memset(gpus, 0, sizeof gpus);
    gpu_count = 8;
    init_code = session = 0;
    for (unsigned i = 0; i < MAX_GPUS; i++) {
        gpu_t *gpu = &gpus[i];
        snprintf(gpu->name, sizeof gpu->name, "Stand-in H100 80GB");
        gpu->utilisation = 90 + i % 8;
        gpu->memory_total = 80 * gib;
        gpu->memory_used = (40 + i) * gib;
        gpu->temperature = 60 + i;
        gpu->power = 600000 + 1500 * i;
        gpu->power_limit = 700000;
        gpu->sm_clock = 1980;
        gpu->fan = 40;
    }
}

static void add_process(processes_t *processes, unsigned pid, long long bytes, unsigned instance) {
    if (processes->count < MAX_PROCESSES)
        processes->list[processes->count++] = (process_t){pid, (u64)bytes, instance, 0};
}

static void set_number(gpu_t *gpu, const char *sensor, u64 number) {
    if (!strcmp(sensor, "utilisation")) gpu->utilisation = (unsigned)number;
    if (!strcmp(sensor, "memory_used")) gpu->memory_used = number;
    if (!strcmp(sensor, "memory_total")) gpu->memory_total = number;
    if (!strcmp(sensor, "temperature")) gpu->temperature = (unsigned)number;
    if (!strcmp(sensor, "power")) gpu->power = (unsigned)number;
    if (!strcmp(sensor, "power_limit")) gpu->power_limit = (unsigned)number;
    if (!strcmp(sensor, "sm_clock")) gpu->sm_clock = (unsigned)number;
    if (!strcmp(sensor, "throttle")) gpu->throttle = number;
    if (!strcmp(sensor, "fan")) gpu->fan = (unsigned)number;
    if (!strcmp(sensor, "mig")) gpu->instances = number < MAX_INSTANCES ? (unsigned)number : MAX_INSTANCES;
}

static void set_gpu(gpu_t *gpu, const char *setting) {
    char sensor[24], number[32];
    unsigned pid, instance;
    long long bytes;
    int code = NOT_SUPPORTED;
    if (!strcmp(setting, "lost")) {
        gpu->lost = 1;
    } else if (!strncmp(setting, "name ", 5)) {
        snprintf(gpu->name, sizeof gpu->name, "%s", setting + 5);
    } else if (sscanf(setting, "process %u %lld", &pid, &bytes) == 2) {
        add_process(&gpu->compute, pid, bytes, 0xFFFFFFFF);
    } else if (sscanf(setting, "graphics %u %lld", &pid, &bytes) == 2) {
        add_process(&gpu->graphics, pid, bytes, 0xFFFFFFFF);
    } else if (sscanf(setting, "instance %u %u %lld", &instance, &pid, &bytes) == 3) {
        if (instance < MAX_INSTANCES) add_process(&gpu->of_instance[instance], pid, bytes, instance);
    } else if (sscanf(setting, "fails %23s %d", sensor, &code) == 2 ||
               sscanf(setting, "without %23s", sensor) == 1) {
        if (gpu->failure_count < MAX_FAILURES) {
            failure_t *failure = &gpu->failures[gpu->failure_count++];
            snprintf(failure->sensor, sizeof failure->sensor, "%s", sensor);
            failure->code = code;
        }
    } else if (sscanf(setting, "%23s %31s", sensor, number) == 2) {
        set_number(gpu, sensor, strtoull(number, NULL, 0));
    }
}

static void read_control(void) {
    const char *path = getenv("NVML_STANDIN_CONTROL");
    FILE *file = path ? fopen(path, "r") : NULL;
    char line[256];
    set_defaults();
    while (file && fgets(line, sizeof line, file)) {
        unsigned index;
        int start = 0;
        line[strcspn(line, "\n")] = 0;
        if (sscanf(line, "gpus %u", &index) == 1) gpu_count = index < MAX_GPUS ? index : MAX_GPUS;
        sscanf(line, "init %d", &init_code);
        sscanf(line, "session %d", &session);
        if (sscanf(line, "gpu %u %n", &index, &start) == 1 && start > 0 && index < MAX_GPUS)
            set_gpu(&gpus[index], line + start);
    }
    if (file) fclose(file);
}

static void log_call(const char *function, int gpu) {
    const char *path = getenv("NVML_STANDIN_LOG");
    FILE *file = path ? fopen(path, "a") : NULL;
    if (!file) return;
    fprintf(file, "%s %d\n", function, gpu);
    fclose(file);
}

/* What every call does first; returns what it must return, or SUCCESS to go on. */
static int begin(const char *function) {
    read_control();
    log_call(function, -1);
    return started_session == session ? SUCCESS : UNINITIALIZED;
}

static int failure_of(const gpu_t *gpu, const char *sensor) {
    for (unsigned i = gpu->failure_count; i > 0; i--)
        if (!strcmp(gpu->failures[i - 1].sensor, sensor)) return gpu->failures[i - 1].code;
    return SUCCESS;
}

static int begin_sensor(const char *function, const device_t *device, const char *sensor) {
    read_control();
    log_call(function, device->gpu);
    if (started_session != session) return UNINITIALIZED;
    return gpus[device->gpu].lost ? GPU_IS_LOST : failure_of(&gpus[device->gpu], sensor);
}

/* One number of a whole GPU; MIG instances have none of these sensors. */
#define SENSOR(function, sensor, number_t)                                                         \
    int function(const device_t *device, number_t *number) {                                       \
        int code = begin_sensor(#function, device, #sensor);                                       \
        if (code == SUCCESS && device->instance >= 0) code = NOT_SUPPORTED;                        \
        if (code == SUCCESS) *number = (number_t)gpus[device->gpu].sensor;                         \
        return code;                                                                               \
    }
SENSOR(nvmlDeviceGetPowerUsage, power, unsigned)
SENSOR(nvmlDeviceGetEnforcedPowerLimit, power_limit, unsigned)
SENSOR(nvmlDeviceGetFanSpeed, fan, unsigned)
SENSOR(nvmlDeviceGetCurrentClocksThrottleReasons, throttle, u64)
#ifndef OLD_DRIVER
SENSOR(nvmlDeviceGetCurrentClocksEventReasons, throttle, u64)
#endif

int nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    begin("nvmlInitWithFlags");
    if (init_code == SUCCESS) started_session = session;
    return init_code;
}

int nvmlShutdown(void) {
    int code = begin("nvmlShutdown");
    started_session = -1;
    return code;
}

const char *nvmlErrorString(int code) {
    (void)code;
    return "an error of the stand-in";
}

int nvmlDeviceGetCount_v2(unsigned *count) {
    int code = begin("nvmlDeviceGetCount_v2");
    if (code == SUCCESS) *count = gpu_count;
    return code;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, device_t **device) {
    read_control();
    if (index >= gpu_count) return INVALID_ARGUMENT;
    device_t *opened = &devices[index][0];
    *opened = (device_t){(int)index, -1};
    int code = begin_sensor("nvmlDeviceGetHandleByIndex_v2", opened, "open");
    if (code == SUCCESS) *device = opened;
    return code;
}

int nvmlDeviceGetUUID(const device_t *device, char *uuid, unsigned length) {
    int code = begin_sensor("nvmlDeviceGetUUID", device, "uuid");
    if (code != SUCCESS) return code;
    if (device->instance < 0)
        snprintf(uuid, length, "GPU-00000000-0000-0000-0000-%012d", device->gpu);
    else
        snprintf(uuid, length, "MIG-00000000-0000-0000-%04d-%012d", device->instance, device->gpu);
    return SUCCESS;
}

int nvmlDeviceGetName(const device_t *device, char *name, unsigned length) {
    int code = begin_sensor("nvmlDeviceGetName", device, "name");
    if (code != SUCCESS) return code;
    snprintf(name, length, "%s%s", gpus[device->gpu].name, device->instance < 0 ? "" : " MIG 1g.10gb");
    return SUCCESS;
}

int nvmlDeviceGetUtilizationRates(const device_t *device, unsigned rates[2]) {
    int code = begin_sensor("nvmlDeviceGetUtilizationRates", device, "utilisation");
    if (code != SUCCESS) return code;
    if (device->instance >= 0 || gpus[device->gpu].instances > 0) return NOT_SUPPORTED;
    rates[0] = gpus[device->gpu].utilisation;
    rates[1] = rates[0] / 2;
    return SUCCESS;
}

static void fill_memory(const device_t *device, u64 *total, u64 *used) {
    const gpu_t *gpu = &gpus[device->gpu];
    *total = device->instance < 0 ? gpu->memory_total : gpu->memory_total / 8;
    *used = device->instance < 0 ? gpu->memory_used : (u64)(device->instance + 1) << 30;
}

/* Version 1 counts as used what the driver reserves (here one GiB); version 2 tells it apart. */
int nvmlDeviceGetMemoryInfo(const device_t *device, u64 total_free_used[3]) {
    int code = begin_sensor("nvmlDeviceGetMemoryInfo", device, "memory");
    if (code != SUCCESS) return code;
    u64 total, used;
    fill_memory(device, &total, &used);
    total_free_used[0] = total;
    total_free_used[1] = total - used - (1ULL << 30);
    total_free_used[2] = used + (1ULL << 30);
    return SUCCESS;
}

#ifndef OLD_DRIVER
typedef struct { unsigned version; u64 total, reserved, free, used; } memory_v2_t;

int nvmlDeviceGetMemoryInfo_v2(const device_t *device, memory_v2_t *memory) {
    int code = begin_sensor("nvmlDeviceGetMemoryInfo_v2", device, "memory_v2");
    if (code == SUCCESS) code = failure_of(&gpus[device->gpu], "memory");
    if (code != SUCCESS) return code;
    if (memory->version != (sizeof *memory | 2U << 24)) return ARGUMENT_VERSION_MISMATCH;
    fill_memory(device, &memory->total, &memory->used);
    memory->reserved = 1ULL << 30;
    memory->free = memory->total - memory->used - memory->reserved;
    return SUCCESS;
}

typedef struct { unsigned version, sensor; int temperature; } temperature_v1_t;

int nvmlDeviceGetTemperatureV(const device_t *device, temperature_v1_t *reading) {
    int code = begin_sensor("nvmlDeviceGetTemperatureV", device, "temperature");
    if (code != SUCCESS) return code;
    if (reading->version != (sizeof *reading | 1U << 24)) return ARGUMENT_VERSION_MISMATCH;
    if (device->instance >= 0 || reading->sensor != 0) return INVALID_ARGUMENT;
    reading->temperature = (int)gpus[device->gpu].temperature;
    return SUCCESS;
}
#endif

int nvmlDeviceGetTemperature(const device_t *device, unsigned sensor, unsigned *temperature) {
    int code = begin_sensor("nvmlDeviceGetTemperature", device, "temperature");
    if (code != SUCCESS) return code;
    if (device->instance >= 0 || sensor != 0) return INVALID_ARGUMENT;
    *temperature = gpus[device->gpu].temperature;
    return SUCCESS;
}

int nvmlDeviceGetClockInfo(const device_t *device, unsigned clock, unsigned *mhz) {
    int code = begin_sensor("nvmlDeviceGetClockInfo", device, "sm_clock");
    if (code != SUCCESS) return code;
    if (device->instance >= 0) return NOT_SUPPORTED;
    if (clock != 1) return INVALID_ARGUMENT;
    *mhz = gpus[device->gpu].sm_clock;
    return SUCCESS;
}

int nvmlDeviceGetMigMode(const device_t *device, unsigned *current, unsigned *pending) {
    int code = begin_sensor("nvmlDeviceGetMigMode", device, "mig");
    if (code == SUCCESS) *current = *pending = gpus[device->gpu].instances > 0;
    return code;
}

int nvmlDeviceGetMaxMigDeviceCount(const device_t *device, unsigned *count) {
    int code = begin_sensor("nvmlDeviceGetMaxMigDeviceCount", device, "mig");
    if (code == SUCCESS) *count = MAX_INSTANCES;
    return code;
}

int nvmlDeviceGetMigDeviceHandleByIndex(const device_t *device, unsigned index, device_t **instance) {
    int code = begin_sensor("nvmlDeviceGetMigDeviceHandleByIndex", device, "mig");
    if (code != SUCCESS) return code;
    if (index >= gpus[device->gpu].instances) return NOT_FOUND;
    *instance = &devices[device->gpu][index + 1];
    **instance = (device_t){device->gpu, (int)index};
    return SUCCESS;
}

static int list_processes(const processes_t *processes, unsigned *room, process_t *list) {
    unsigned given = *room;
    *room = processes->count;
    if (given < processes->count) return INSUFFICIENT_SIZE;
    memcpy(list, processes->list, processes->count * sizeof *list);
    return SUCCESS;
}

#ifdef OLD_DRIVER
#define VERSIONED(function) function##_v2
#else
#define VERSIONED(function) function##_v3
#endif

int VERSIONED(nvmlDeviceGetComputeRunningProcesses)(const device_t *device, unsigned *room, process_t *list) {
    int code = begin_sensor("nvmlDeviceGetComputeRunningProcesses", device, "processes");
    if (code != SUCCESS) return code;
    const gpu_t *gpu = &gpus[device->gpu];
    return list_processes(device->instance < 0 ? &gpu->compute : &gpu->of_instance[device->instance], room, list);
}

int VERSIONED(nvmlDeviceGetGraphicsRunningProcesses)(const device_t *device, unsigned *room, process_t *list) {
    int code = begin_sensor("nvmlDeviceGetGraphicsRunningProcesses", device, "processes");
    if (code != SUCCESS) return code;
    if (device->instance >= 0) return NOT_SUPPORTED;
    return list_processes(&gpus[device->gpu].graphics, room, list);
}
