Waits and exits: every way in which a visit ends, what rang for it, and what was said of it on the way.

## an agent answers, the caller is parked once and hangs up
arrive 0; enter sales 1.5; ring ann sales 4; answer ann sales 9; hold ann 20; unhold ann 30; release ann caller 60
end caller 60
= visit sales answered 7.5 talk 41
= offer ann sales answered 5
= leg ann sales from 9 talk 41 hold 10 by caller
= served, ended by caller at 60
> arrived; offered sales; ended sales answered 7.5 within; decided sales; settled

## an agent answers and lets go first: released, not transferred
arrive 0; enter sales 2; answer ann sales 9; release ann agent 60; end caller 95
= visit sales answered 7 talk 51
= leg ann sales from 9 talk 51 by agent
= served, ended by caller at 95
> arrived; offered sales; ended sales answered 7 within; decided sales; settled

## answered at once counts as a wait of zero
arrive 0; enter sales 2; ring ann sales 2; answer ann sales 2; release ann caller 30; end caller 30
= visit sales answered 0 talk 28
= offer ann sales answered 0
= leg ann sales from 2 talk 28 by caller
= served, ended by caller at 30
> arrived; offered sales; ended sales answered 0 within; decided sales; settled

## answered and hung up within 100 ms: a leg existed
arrive 0; enter sales 2; ring ann sales 5; answer ann sales 8; release ann caller 8.05; end caller 8.05
= visit sales answered 6 talk 0.05
= offer ann sales answered 3
= leg ann sales from 8 talk 0.05 by caller
= served, ended by caller at 8.05
> arrived; offered sales; ended sales answered 6 within; decided sales; settled

## hung up within 100 ms of an answer that never came about: no leg, no answer
arrive 0; enter sales 2; ring ann sales 5; end caller 8.05
= visit sales abandoned_ringing 6.05
= offer ann sales caller_gone 3.05
= abandoned, ended by caller at 8.05
> arrived; offered sales; ended sales abandoned_ringing 6.05; decided sales; settled

## answered exactly at the target is within it
arrive 0; enter sales 0; answer ann sales 20; release ann caller 30; end caller 30
= visit sales answered 20 talk 10
= leg ann sales from 20 talk 10 by caller
= served, ended by caller at 30
> arrived; offered sales; ended sales answered 20 within; decided sales; settled

## answered after the target: decided at the target
arrive 0; enter sales 0; key 20; answer ann sales 20.5; release ann caller 30; end caller 30
= visit sales answered 20.5 talk 9.5
= leg ann sales from 20.5 talk 9.5 by caller
= served, ended by caller at 30
> arrived; offered sales; decided sales; ended sales answered 20.5; settled

## the caller hangs up while nobody rings
arrive 0; enter sales 2; ring ann sales 4; miss ann no_answer 19; end caller 21
= visit sales abandoned_waiting 19
= offer ann sales no_answer 15
= abandoned, ended by caller at 21
> arrived; offered sales; ended sales abandoned_waiting 19; decided sales; settled

## a short abandon
arrive 0; enter sales 2; end caller 7
= visit sales abandoned_waiting 5
= abandoned, ended by caller at 7
> arrived; offered sales; ended sales abandoned_waiting 5 short; decided sales; settled

## the caller hangs up while an agent rings
arrive 0; enter sales 2; ring ann sales 4; end caller 12
= visit sales abandoned_ringing 10
= offer ann sales caller_gone 8
= abandoned, ended by caller at 12
> arrived; offered sales; ended sales abandoned_ringing 10; decided sales; settled

## the switch takes the ringing back just before it says that the caller hung up
arrive 0; enter sales 2; ring ann sales 4; miss ann caller_gone 11.99; end caller 12
= visit sales abandoned_ringing 10
= offer ann sales caller_gone 7.99
= abandoned, ended by caller at 12
> arrived; offered sales; ended sales abandoned_ringing 10; decided sales; settled

## the ringing is taken back in the same second
arrive 0; enter sales 2; ring ann sales 4; end caller 12; miss ann caller_gone 12
= visit sales abandoned_ringing 10
= offer ann sales caller_gone 8
= abandoned, ended by caller at 12
> arrived; offered sales; ended sales abandoned_ringing 10; decided sales; settled

## the ringing is said to be taken back after the end
arrive 0; enter sales 2; ring ann sales 4; end caller 12; miss ann caller_gone 12.3
= visit sales abandoned_ringing 10
= offer ann sales caller_gone 8
= abandoned, ended by caller at 12
> arrived; offered sales; ended sales abandoned_ringing 10; decided sales; settled

## an offer that somebody else's hang-up ended long before does not ring
arrive 0; enter sales 2; ring ann sales 4; miss ann caller_gone 6; end caller 12
= visit sales abandoned_waiting 10
= offer ann sales caller_gone 2
= abandoned, ended by caller at 12
> arrived; offered sales; ended sales abandoned_waiting 10; decided sales; settled

## one of two agents still rings
arrive 0; enter sales 2; ring ann sales 4; ring bob sales 4; miss ann rejected 8; end unknown 12
= visit sales abandoned_ringing 10
= offer ann sales rejected 4
= offer bob sales caller_gone 8
= abandoned, ended by unknown at 12
> arrived; offered sales; ended sales abandoned_ringing 10; decided sales; settled

## the switch ends a call that waits: an error, nobody abandoned
arrive 0; enter sales 2; ring ann sales 4; end pbx 12
= visit sales error 10
= offer ann sales error 8
= dismissed, ended by pbx at 12
> arrived; offered sales; ended sales error 10; decided sales; settled

## an agent cannot hang up on a caller who waits: an error
arrive 0; enter sales 2; end agent 12
= visit sales error 10
= dismissed, ended by agent at 12
> arrived; offered sales; ended sales error 10; decided sales; settled

## the queue's time is up while an agent rings
arrive 0; enter sales 2; ring ann sales 50; left sales timeout 62; end pbx 65
= visit sales timeout 60
= offer ann sales ring_timeout 12
= dismissed, ended by pbx at 65
> arrived; offered sales; decided sales; ended sales timeout 60; settled

## the switch says afterwards how the ringing ended
arrive 0; enter sales 2; ring ann sales 50; left sales timeout 62; miss ann no_answer 62.4; end pbx 65
= visit sales timeout 60
= offer ann sales no_answer 12
= dismissed, ended by pbx at 65
> arrived; offered sales; decided sales; ended sales timeout 60; settled

## left by key, then the caller hangs up in the menu
arrive 0; enter sales 2; left sales key_exit 12; key 13; end caller 14
= visit sales key_exit 10
= dismissed, ended by caller at 14
> arrived; offered sales; ended sales key_exit 10; decided sales; settled

## the last agent went away
arrive 0; enter sales 2; left sales left_empty 12; end pbx 13
= visit sales left_empty 10
= dismissed, ended by pbx at 13
> arrived; offered sales; ended sales left_empty 10; decided sales; settled

## withdrawn and put elsewhere before any human: a reroute
arrive 0; enter sales 2; left sales withdrawn 12; enter tech 12; answer bob tech 30; release bob caller 60; end caller 60
= visit sales withdrawn 10
= visit tech answered 18 talk 30
= leg bob tech from 30 talk 30 by caller
= reroute sales to tech
= served, ended by caller at 60
> arrived; offered sales; ended sales withdrawn 10; decided sales; offered tech; ended tech answered 18 within; decided tech; settled

## accepted to be called back
arrive 0; enter sales 2; promise sales 12; left sales callback 12; end caller 15
= visit sales callback 10
= promised 1
= callback_promised, ended by caller at 15
> arrived; offered sales; ended sales callback 10; decided sales; settled

## something broke
arrive 0; enter sales 2; left sales error 12; end pbx 12
= visit sales error 10
= dismissed, ended by pbx at 12
> arrived; offered sales; ended sales error 10; decided sales; settled

## the dialplan's own loop: left and entered again within a second
arrive 0; enter sales 2; left sales timeout 32; enter sales 32.4; answer ann sales 40; release ann caller 60; end caller 60
= visit sales timeout 30
= visit sales answered 7.6 talk 20 reentered
= leg ann sales (visit 2) from 40 talk 20 by caller
= served, ended by caller at 60
> arrived; offered sales; ended sales timeout 30; decided sales; offered sales; ended sales answered 7.6 within; decided sales; settled

## entered again after a second is no loop
arrive 0; enter sales 2; left sales timeout 32; enter sales 33; end caller 40
= visit sales timeout 30
= visit sales abandoned_waiting 7
= abandoned, ended by caller at 40
> arrived; offered sales; ended sales timeout 30; decided sales; offered sales; ended sales abandoned_waiting 7; decided sales; settled

## overflow through three queues: reroutes, no transfers
arrive 0; enter a 2; left a timeout 12; enter b 12; left b timeout 22; enter c 25; answer ann c 30; release ann caller 50
end caller 50
= visit a timeout 10
= visit b timeout 10
= visit c answered 5 talk 20
= leg ann c from 30 talk 20 by caller
= reroute a to b
= reroute b to c
= served, ended by caller at 50
> arrived; offered a; ended a timeout 10; decided a; offered b; ended b timeout 10; decided b; offered c; ended c answered 5 within; decided c; settled

## many ring at once, one answers, the others are told to stop
arrive 0; enter sales 2; ring ann sales 3; ring bob sales 3; ring cyd sales 3; answer bob sales 7
miss ann answered_elsewhere 7; release bob caller 20; end caller 20
= visit sales answered 5 talk 13
= offer ann sales answered_elsewhere 4
= offer bob sales answered 4
= offer cyd sales answered_elsewhere 4
= leg bob sales from 7 talk 13 by caller
= served, ended by caller at 20
> arrived; offered sales; ended sales answered 5 within; decided sales; settled

## the same agent rings again without a word how the first ring ended
arrive 0; enter sales 2; ring ann sales 3; ring ann sales 18; answer ann sales 22; release ann caller 30; end caller 30
= visit sales answered 20 talk 8
= offer ann sales no_answer 15
= offer ann sales answered 4
= leg ann sales from 22 talk 8 by caller
= served, ended by caller at 30

## an agent rings without a visit
arrive 0; ring ann 3; answer ann 6; release ann caller 30; end caller 30
= offer ann - answered 3
= leg ann - from 6 talk 24 by caller
= direct, ended by caller at 30
> arrived; settled

## every way an offer can be missed
arrive 0; enter q 1; ring a q 2; miss a no_answer 3; ring b q 3; miss b busy 4; ring c q 4; miss c rejected 5; ring d q 5
miss d ring_timeout 6; ring e q 6; miss e error 7; ring f q 7; miss f answered_elsewhere 8; left q timeout 9; end pbx 9
= visit q timeout 8
= offer a q no_answer 1
= offer b q busy 1
= offer c q rejected 1
= offer d q ring_timeout 1
= offer e q error 1
= offer f q answered_elsewhere 1
= dismissed, ended by pbx at 9
