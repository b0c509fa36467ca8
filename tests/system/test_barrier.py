"""What the answer to a barrier promises: nothing that is published after it is missed."""

from zevi_test import RawPublisher, RawSubscriber


def test_a_publisher_that_arrives_behind_a_barrier_knows_of_its_subscriptions(zevid):
    broker = zevid()
    with RawSubscriber(broker.stream, ["E_START"]) as subscriber:
        for i in range(30):
            # Two changes within the 10 ms in which there is one generation of interest at most.
            for topic in (f"E_FIRST_{i}", f"E_SECOND_{i}"):
                subscriber.socket.subscribe(topic)
                assert subscriber.barrier()["unconfirmed"] == 0
            with RawPublisher(broker.ingress) as publisher:
                publisher.hello()
                interest = publisher.expect("interest")
                assert f"E_SECOND_{i}" in interest["w"], f"round {i}: {interest}"
                publisher.bye()
