# One static binary in an empty image. A listener that others can reach needs TLS and users
# (tls_cert, tls_key and [users] of muster.toml):
#   docker build -t muster .
#   docker run -p 5440:5440 -v ./etc:/etc/muster:ro muster server --data /data --config /etc/muster/muster.toml --pg 0.0.0.0:5440
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /muster ./cmd/muster && mkdir -p /data /tmp/empty

FROM scratch
COPY --from=build /muster /muster
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build --chown=65532:65532 /data /data
COPY --from=build --chown=65532:65532 /tmp/empty /tmp
USER 65532:65532
VOLUME /data
EXPOSE 5440 8440 8441
ENTRYPOINT ["/muster"]
CMD ["server", "--data", "/data"]
